#pragma once
// What a publication that is kept for somebody must survive: what its publisher asks for (user
// property "durability"), else what the configuration says of its topic, else what it says of the
// door that the publisher came in by, else what global's store does by itself. Asked only of what
// goes to global. Constant after start, any thread.

#include <optional>
#include <string>
#include <vector>

#include "core/mqtt/number_set.hpp"
#include "core/mqtt/topic_tree.hpp"
#include "core/wire/messages.hpp"

namespace muster::broker {

struct DurabilityOptions {
  std::string listener;             // "memory", "process", "power"; empty: nothing said
  std::vector<std::string> topics;  // FILTER=LEVEL; of several that match the strongest counts
};

// None: not the name of a level.
std::optional<wire::Durability> parse_durability(BytesView name);

class DurabilityRules {
 public:
  explicit DurabilityRules(const DurabilityOptions& options);

  // `properties`: raw, of a PUBLISH that was accepted.
  wire::Durability of(BytesView topic, BytesView properties) const;

 private:
  wire::Durability listener_ = wire::Durability::standard;
  mqtt::TopicTree<uint8_t, std::identity, mqtt::NumberSet<1>> topics_;  // filter -> levels
};

}  // namespace muster::broker
