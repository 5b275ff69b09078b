#pragma once
// IdSet: a set of packet identifiers, for the halves of QoS 2 (4.3.3): those that were received and
// not released yet, or sent and not completed. Owned by the session. Memory: none until the first
// identifier, then a bit for each up to the highest that was ever in it, at most 8 KiB.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::mqtt {

class IdSet {
 public:
  // False: it was there already.
  bool insert(uint16_t packet_id) {
    const size_t word = packet_id / 64u;
    if (word >= words_.size()) words_.resize(word + 1);
    if (words_[word] & bit_of(packet_id)) return false;
    words_[word] |= bit_of(packet_id);
    ++size_;
    return true;
  }

  // False: it was not there.
  bool erase(uint16_t packet_id) {
    if (!contains(packet_id)) return false;
    words_[packet_id / 64u] &= ~bit_of(packet_id);
    --size_;
    return true;
  }

  bool contains(uint16_t packet_id) const {
    const size_t word = packet_id / 64u;
    return word < words_.size() && (words_[word] & bit_of(packet_id)) != 0;
  }

  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static uint64_t bit_of(uint16_t packet_id) { return uint64_t{1} << packet_id % 64u; }

  std::vector<uint64_t> words_;
  uint32_t size_ = 0;
};

}  // namespace muster::mqtt
