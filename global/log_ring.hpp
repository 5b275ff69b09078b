#pragma once
// The newest entries of the log as they are stored and sent: bytes, one behind the other in blocks.
// The oldest block goes as a whole, so there are a few entries less than the bound at times. Owned
// by a Log, one thread.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>

#include "core/wire/encoded.hpp"

namespace muster::global {

class LogRing {
 public:
  explicit LogRing(size_t entries_max)
      : entries_max_(entries_max), block_entries_(std::max<size_t>(entries_max / 16, 1)) {}

  void push(const wire::EncodedEntry& entry) {
    const Head head{entry.number, static_cast<uint32_t>(entry.bytes.size()), entry.slot};
    if (blocks_.empty() || blocks_.back().entries == block_entries_ ||
        blocks_.back().bytes.size() + sizeof head + entry.bytes.size() > block_bytes) {
      blocks_.emplace_back().bytes.reserve(block_bytes);
    }
    Block& block = blocks_.back();
    block.bytes.append(reinterpret_cast<const char*>(&head), sizeof head).append(entry.bytes);
    block.last = entry.number;
    ++block.entries;
    ++size_;
    while (size_ > entries_max_) {
      size_ -= blocks_.front().entries;
      floor_ = blocks_.front().last;
      blocks_.pop_front();
    }
  }

  void set_floor(uint64_t number) { floor_ = number; }
  // Every entry behind this one is here.
  uint64_t floor() const { return floor_; }

  // Gives visit(number, slot, bytes) the entries behind `number`, in order, until it says false.
  template <class Visit>
  void behind(uint64_t number, Visit&& visit) const {
    auto block = std::partition_point(blocks_.begin(), blocks_.end(),
                                      [&](const Block& one) { return one.last <= number; });
    for (; block != blocks_.end(); ++block) {
      BytesView rest = block->bytes;
      while (!rest.empty()) {
        Head head;
        std::memcpy(&head, rest.data(), sizeof head);
        const BytesView bytes = rest.substr(sizeof head, head.size);
        rest.remove_prefix(sizeof head + head.size);
        if (head.number > number && !visit(head.number, head.slot, bytes)) return;
      }
    }
  }

 private:
  static constexpr size_t block_bytes = 16 << 10;  // some 120 entries; a larger one has its own

  struct Head {
    uint64_t number;
    uint32_t size;
    uint16_t slot;
  };
  struct Block {
    uint64_t last = 0;  // number
    size_t entries = 0;
    Bytes bytes;
  };

  size_t entries_max_;
  size_t block_entries_;
  std::deque<Block> blocks_;
  size_t size_ = 0;  // entries
  uint64_t floor_ = 0;
};

}  // namespace muster::global
