#pragma once
// An open-addressed hash index: from a hash to numbers the owner keeps things under. It stores 8
// bytes a slot and is at most five sixths full: 10 to 19 bytes an entry. It grows by doubling
// (all slots move at once: about 10 ms at a million entries) and never shrinks. One thread.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/check.hpp"

namespace muster {

class FlatIndex {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  // The number stored under `hash` for which is_it(number) holds, else none.
  template <class IsIt>
  uint32_t find(uint32_t hash, IsIt&& is_it) const {
    if (slots_.empty()) return none;
    for (size_t at = home(hash); slots_[at].number != none; at = next(at)) {
      if (slots_[at].hash == hash && is_it(slots_[at].number)) return slots_[at].number;
    }
    return none;
  }

  void insert(uint32_t hash, uint32_t number) {
    MUSTER_CHECK(number != none);
    if ((size_ + 1) * 6 > slots_.size() * 5) grow();
    place({hash, number});
    ++size_;
  }

  void erase(uint32_t hash, uint32_t number) {
    size_t hole = home(hash);
    while (slots_[hole].number != number) {
      MUSTER_CHECK(slots_[hole].number != none);
      hole = next(hole);
    }
    // Close the hole with entries behind it that may stand there, so that no search ends early.
    for (size_t at = next(hole); slots_[at].number != none; at = next(at)) {
      const size_t distance = (at - home(slots_[at].hash)) & (slots_.size() - 1);
      if (distance >= ((at - hole) & (slots_.size() - 1))) {
        slots_[hole] = slots_[at];
        hole = at;
      }
    }
    slots_[hole] = {};
    --size_;
  }

  // What it has grown to is kept, up to `kept_slots`.
  void clear() {
    if (slots_.size() > kept_slots) slots_ = {};
    std::fill(slots_.begin(), slots_.end(), Slot());
    size_ = 0;
  }

  size_t size() const { return size_; }

 private:
  static constexpr size_t kept_slots = 1 << 14;

  struct Slot {
    uint32_t hash = 0;
    uint32_t number = none;
  };

  size_t home(uint32_t hash) const { return hash & (slots_.size() - 1); }
  size_t next(size_t at) const { return (at + 1) & (slots_.size() - 1); }

  void place(Slot slot) {
    size_t at = home(slot.hash);
    while (slots_[at].number != none) at = next(at);
    slots_[at] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.number != none) place(slot);
    }
  }

  std::vector<Slot> slots_;  // a power of two, or empty
  size_t size_ = 0;
};

}  // namespace muster
