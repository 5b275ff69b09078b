// A device's halves of QoS 2 (4.3.3). What arrives again under a packet id that was not released is
// answered and not shown to anybody; so each delivery that the checkers hear of is one that an
// application would have seen.

#include "tests/sim/device.hpp"

namespace muster::sim {

using mqtt::PacketType;

void Device::acknowledgement(const LinePtr& line, const mqtt::Acknowledgement& packet) {
  if (packet.type == PacketType::pubrel) return pubrel(line, packet.packet_id);
  if (packet.type == PacketType::pubrec) return pubrec(line, packet);
  if (packet.type == PacketType::pubcomp) return pubcomp(line, packet);
  puback(line, packet);
}

// What a broker answers; the end: it is of a connection that the device has turned away from.
std::deque<Device::Outgoing>::iterator Device::outgoing(const LinePtr& line, uint16_t packet_id) {
  const auto it = std::find_if(outgoing_.begin(), outgoing_.end(),
                               [&](const Outgoing& o) { return o.packet_id == packet_id; });
  if (superseded(line) || (it == outgoing_.end() && record(line).forgot)) return outgoing_.end();
  if (it == outgoing_.end()) {
    throw Violation("conversation", fmt::format("{} #{}: acknowledgement {} of nothing",
                                                profile_.id, line->connection, packet_id));
  }
  return it;
}

void Device::pubrec(const LinePtr& line, const mqtt::Acknowledgement& packet) {
  const auto it = outgoing(line, packet.packet_id);
  if (it == outgoing_.end()) return;
  Message& message = ledger_.messages[it->message];
  if (message.qos != 2 || it->received) {
    throw Violation("conversation", fmt::format("{} #{}: PUBREC {} of what has it", profile_.id,
                                                line->connection, packet.packet_id));
  }
  message.acknowledged = std::min(message.acknowledged, context_.now());
  message.acknowledged_on = line->connection;
  message.reason = static_cast<uint8_t>(packet.reason);
  context_.note("{} #{} has m{} received {:x}", profile_.id, line->connection, message.id,
                message.reason);
  it->received = true;
  const Outgoing copy = *it;
  if (packet.reason >= mqtt::Reason::unspecified_error) outgoing_.erase(it);
  checkers_.tell(&Checker::acknowledged, message);
  if (packet.reason < mqtt::Reason::unspecified_error) send_pubrel(line, copy);
}

void Device::send_pubrel(const LinePtr& line, const Outgoing& outgoing) {
  mqtt::Acknowledgement packet;
  packet.type = PacketType::pubrel;
  packet.packet_id = outgoing.packet_id;
  context_.note("{} #{} releases m{}", profile_.id, line->connection, outgoing.message);
  line->client->send(packet);
}

void Device::pubcomp(const LinePtr& line, const mqtt::Acknowledgement& packet) {
  const auto it = outgoing(line, packet.packet_id);
  if (it == outgoing_.end()) return;
  if (!it->received) {
    throw Violation("conversation", fmt::format("{} #{}: PUBCOMP {} before PUBREC", profile_.id,
                                                line->connection, packet.packet_id));
  }
  context_.note("{} #{} completed m{}", profile_.id, line->connection, it->message);
  outgoing_.erase(it);
}

bool Device::arrived_before(const LinePtr& line, const mqtt::Publish& publish) {
  if (held_[record(line).session].insert(publish.packet_id).second) return false;
  if (!publish.dup) {
    throw Violation("conversation", fmt::format("{} #{}: packet id {} again without DUP",
                                                profile_.id, line->connection, publish.packet_id));
  }
  context_.note("{} #{} has id {} already", profile_.id, line->connection, publish.packet_id);
  return true;
}

void Device::pubrel(const LinePtr& line, uint16_t packet_id) {
  if (superseded(line)) return;
  held_[record(line).session].erase(packet_id);
  line->acks.emplace_back(PacketType::pubcomp, packet_id);
  plan_acks(line);
}

}  // namespace muster::sim
