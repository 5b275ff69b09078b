#pragma once
// PacketIds: the packet identifiers that are in use towards one receiver in a clean session, where
// nothing else needs to be remembered of a message under way (sections 2.2.1 and 4.9). Owned by
// the session. Memory: none until the first identifier, then 2 to 4 bits for each one in use at
// the busiest moment, at most 8 KiB.

#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/check.hpp"

namespace muster::mqtt {

class PacketIds {
 public:
  // `window`: the Receive Maximum of the receiver (3.1.2.11.3), at least 1.
  explicit PacketIds(uint16_t window = UINT16_MAX) : window_(window) { MUSTER_CHECK(window > 0); }

  // The next free identifier, 0 when the window is full. Amortised O(1).
  uint16_t acquire() {
    if (in_use_ >= window_) return 0;
    if (in_use_ * 2u >= bits() && words_.size() < largest) grow();
    while (~words_[at_] == 0) at_ = static_cast<uint32_t>((at_ + 1) % words_.size());
    const int bit = std::countr_one(words_[at_]);
    words_[at_] |= uint64_t{1} << bit;
    ++in_use_;
    return static_cast<uint16_t>(at_ * 64 + static_cast<size_t>(bit));
  }

  // Gives one back; false if it was not in use.
  bool release(uint16_t packet_id) {
    if (!contains(packet_id)) return false;
    words_[packet_id / 64u] &= ~bit_of(packet_id);
    --in_use_;
    return true;
  }

  bool contains(uint16_t packet_id) const {
    return packet_id != 0 && packet_id < bits() && (words_[packet_id / 64u] & bit_of(packet_id));
  }

  uint16_t in_use() const { return in_use_; }
  uint16_t window() const { return window_; }
  bool full() const { return in_use_ >= window_; }

 private:
  static constexpr size_t largest = 65'536 / 64;

  static uint64_t bit_of(uint16_t packet_id) { return uint64_t{1} << packet_id % 64u; }
  size_t bits() const { return words_.size() * 64; }

  // At least every second identifier stays free, up to the largest size.
  void grow() {
    if (words_.empty()) {
      words_.push_back(1);  // 0 is no identifier
      return;
    }
    at_ = static_cast<uint32_t>(words_.size());
    words_.resize(words_.size() * 2);
  }

  std::vector<uint64_t> words_;
  uint32_t at_ = 0;  // the word where the search goes on
  uint16_t in_use_ = 0;
  uint16_t window_;
};

}  // namespace muster::mqtt
