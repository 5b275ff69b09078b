#pragma once
// What a publication that is kept for somebody must survive: what its publisher asks for (user
// property "durability"), else what the configuration says of its topic, else what it says of the
// door that the publisher came in by, else what global's store does by itself. Asked only of what
// goes to global. Constant after start, any thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mqtt/number_set.hpp"
#include "core/mqtt/topic_tree.hpp"
#include "core/wire/messages.hpp"

namespace muster::broker {

// "memory", "process" or "power"; none: not the name of a level.
std::optional<wire::Durability> parse_durability(BytesView name);
std::string_view durability_name(wire::Durability level);  // empty: standard

class DurabilityRules {
 public:
  // FILTER=LEVEL each; of several that match the strongest counts.
  explicit DurabilityRules(const std::vector<std::string>& topics);

  // `properties`: raw, of a PUBLISH that was accepted. `door`: its publisher's.
  wire::Durability of(BytesView topic, BytesView properties, wire::Durability door) const;

 private:
  mqtt::TopicTree<uint8_t, std::identity, mqtt::NumberSet<1>> topics_;  // filter -> levels
};

}  // namespace muster::broker
