#pragma once
// The slot map of control's Directory as a query server uses it. A value.

#include <cstdint>
#include <string>
#include <vector>

#include "core/wire/messages.hpp"
#include "query/slots.hpp"

namespace muster::query {

class SlotMap {
 public:
  SlotMap() = default;
  explicit SlotMap(const wire::Directory& directory);

  bool empty() const { return holders_.empty(); }
  bool lists(const std::string& server) const;
  SlotSet slots_of(const std::string& server) const;
  // The holders of a slot, the best first.
  std::vector<std::string> holders(uint16_t slot) const;

 private:
  std::vector<std::string> names_;
  std::vector<uint8_t> holders_;  // `replicas_` for each slot; 255: none
  uint8_t replicas_ = 0;
};

}  // namespace muster::query
