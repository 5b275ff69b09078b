#include "query/slot_map.hpp"

#include <algorithm>

namespace muster::query {

SlotMap::SlotMap(const wire::Directory& directory) {
  if (directory.replicas == 0) return;
  if (directory.holders.size() != size_t{slot_count} * directory.replicas) return;
  names_ = directory.names;
  holders_ = directory.holders;
  replicas_ = directory.replicas;
}

bool SlotMap::lists(const std::string& server) const {
  return std::find(names_.begin(), names_.end(), server) != names_.end();
}

SlotSet SlotMap::slots_of(const std::string& server) const {
  SlotSet set;
  for (size_t at = 0; at < holders_.size(); ++at) {
    const uint8_t holder = holders_[at];
    if (holder < names_.size() && names_[holder] == server) set.set(at / replicas_);
  }
  return set;
}

std::vector<std::string> SlotMap::holders(uint16_t slot) const {
  std::vector<std::string> found;
  for (size_t at = 0; at < replicas_; ++at) {
    const uint8_t holder = holders_[size_t{slot} * replicas_ + at];
    if (holder < names_.size()) found.push_back(names_[holder]);
  }
  return found;
}

}  // namespace muster::query
