#include "tests/sim/device.hpp"

namespace muster::sim {

void Device::subscribe(const std::vector<std::string>& filters, uint8_t qos, bool probe) {
  PendingSubscribe pending;
  mqtt::Subscribe packet;
  packet.packet_id = packet_id();
  for (const std::string& filter : filters) {
    for (const uint32_t id : ledger_.bonds_of(record(line_).session)) {
      Bond& old = ledger_.bonds[id];
      if (old.filter == filter && old.leaving == never) old.leaving = context_.now();
    }
    Bond bond;
    bond.device = index_;
    bond.session = record(line_).session;
    bond.connection = line_->connection;
    bond.filter = filter;
    bond.qos = qos;
    bond.retained_probe = probe;
    bond.no_local = !probe && profile_.group.empty() && profile_.version == mqtt::Version::v5 &&
                    random_.percent(15);
    bond.as_published = profile_.as_published;
    bond.asked = context_.now();
    mqtt::SubscriptionOptions options;
    options.qos = static_cast<mqtt::Qos>(qos);
    options.no_local = bond.no_local;
    options.retain_as_published = profile_.as_published;
    options.retain_handling = bond.as_published ? 2 : 0;
    packet.entries.push_back({filter, options});
    pending.bonds.push_back(ledger_.add_bond(bond));
    context_.note("{} #{} subscribes {} qos {}", profile_.id, line_->connection, filter, qos);
  }
  line_->subscribes[packet.packet_id] = std::move(pending);
  line_->client->send(packet);
}

void Device::watch() {
  mqtt::Subscribe packet;
  packet.packet_id = packet_id();
  packet.entries.push_back({"$user/+/presence", {}});
  line_->subscribes[packet.packet_id] = {};
  line_->client->send(packet);
}

std::string Device::unsubscribe() {
  std::vector<uint32_t> held;
  for (const uint32_t id : ledger_.bonds_of(record(line_).session)) {
    if (ledger_.bonds[id].bound != never && ledger_.bonds[id].leaving == never) held.push_back(id);
  }
  if (held.empty()) return {};
  Bond& bond = ledger_.bonds[random_.pick(held)];
  bond.leaving = context_.now();
  bond.unsubscribed = true;
  mqtt::Unsubscribe packet;
  packet.packet_id = packet_id();
  packet.filters.push_back(bond.filter);
  context_.note("{} #{} unsubscribes {}", profile_.id, line_->connection, bond.filter);
  line_->subscribes[packet.packet_id] = {{bond.id}, true};
  line_->client->send(packet);
  return bond.filter;
}

void Device::suback(const LinePtr& line, uint16_t packet_id,
                    const std::vector<mqtt::Reason>& reasons, bool unsubscribe) {
  const auto it = line->subscribes.find(packet_id);
  if (it == line->subscribes.end() || it->second.unsubscribe != unsubscribe) {
    throw Violation("conversation", fmt::format("{} #{}: SUBACK or UNSUBACK {} of nothing",
                                                profile_.id, line->connection, packet_id));
  }
  const PendingSubscribe pending = std::move(it->second);
  line->subscribes.erase(it);
  for (size_t i = 0; i < pending.bonds.size(); ++i) {
    Bond& bond = ledger_.bonds[pending.bonds[i]];
    if (unsubscribe) {
      bond.left = context_.now();
      continue;
    }
    if (reasons.size() != pending.bonds.size() || static_cast<uint8_t>(reasons[i]) > bond.qos) {
      throw Violation("conversation", "SUBACK grants something else than was asked for");
    }
    bond.bound = context_.now();
    for (const uint32_t id : ledger_.bonds_of(bond.session)) {
      Bond& old = ledger_.bonds[id];
      if (old.filter == bond.filter && old.id < bond.id) old.left = std::min(old.left, bond.bound);
    }
    context_.note("{} #{} bound {} qos {}", profile_.id, line->connection, bond.filter, bond.qos);
  }
}

}  // namespace muster::sim
