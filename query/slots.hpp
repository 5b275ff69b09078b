#pragma once
// A set of slots of the key space, and its form in messages (a sorted list; empty means all).

#include <bitset>
#include <cstdint>
#include <vector>

#include "core/base/ids.hpp"

namespace muster::query {

using SlotSet = std::bitset<slot_count>;

inline SlotSet all_slots() {
  return SlotSet{}.set();
}

inline SlotSet to_set(const std::vector<uint16_t>& slots) {
  if (slots.empty()) return all_slots();
  SlotSet set;
  for (const uint16_t slot : slots)
    if (slot < slot_count) set.set(slot);
  return set;
}

inline std::vector<uint16_t> to_list(const SlotSet& set) {
  std::vector<uint16_t> list;
  for (uint16_t slot = 0; slot < slot_count; ++slot)
    if (set.test(slot)) list.push_back(slot);
  return list;
}

}  // namespace muster::query
