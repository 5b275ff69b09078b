#include "broker/durability.hpp"

#include <algorithm>

#include "core/mqtt/property_reader.hpp"

namespace muster::broker {
namespace {

using wire::Durability;

std::optional<Durability> asked_for(BytesView properties) {
  std::optional<Durability> asked;
  mqtt::PropertyReader reader(properties, mqtt::carrier(mqtt::PacketType::publish),
                              mqtt::Sender::client);
  while (reader.next()) {
    if (reader.id() != mqtt::PropertyId::user_property || reader.text() != "durability") continue;
    asked = parse_durability(reader.second());
  }
  return asked;
}

}  // namespace

std::optional<Durability> parse_durability(BytesView name) {
  if (name == "memory") return Durability::memory;
  if (name == "process") return Durability::process;
  if (name == "power") return Durability::power;
  return std::nullopt;
}

std::string_view durability_name(Durability level) {
  constexpr std::string_view names[] = {"", "memory", "process", "power"};
  return names[static_cast<size_t>(level)];
}

DurabilityRules::DurabilityRules(const std::vector<std::string>& topics) {
  for (const std::string& rule : topics) {
    const size_t equals = rule.rfind('=');
    const auto level = parse_durability(BytesView(rule).substr(equals + 1));
    MUSTER_CHECK(equals != std::string::npos && level);  // the configuration was checked
    topics_.add(BytesView(rule).substr(0, equals), static_cast<uint8_t>(*level));
  }
}

Durability DurabilityRules::of(BytesView topic, BytesView properties, Durability door) const {
  if (!properties.empty()) {
    if (const auto asked = asked_for(properties)) return *asked;
  }
  uint8_t level = 0;
  topics_.match(topic, [&](uint8_t rule) { level = std::max(level, rule); });
  return level > 0 ? static_cast<Durability>(level) : door;
}

}  // namespace muster::broker
