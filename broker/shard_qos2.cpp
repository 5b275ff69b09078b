// QoS 2 (4.3.3), both halves. A publisher's packet identifier is known from its PUBLISH to its
// PUBREL: what comes again under it is answered and goes nowhere. Towards a subscriber of a clean
// session an identifier is in use until PUBCOMP, or a PUBREC that refuses.

#include <algorithm>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::AcknowledgementView;
using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;

namespace {

ExactlyOnce& halves(Client& client) {
  if (!client.two) client.two = std::make_unique<ExactlyOnce>();
  return *client.two;
}

}  // namespace

// PUBLISHes of the client that count against our Receive Maximum (4.9.0-1).
uint32_t unanswered(const Client& client) {
  uint32_t count = client.two ? client.two->received.size() : 0;
  if (client.acks) {
    count += static_cast<uint32_t>(client.acks->items.size()) - client.acks->pubrecs;
  }
  return count;
}

void note_sent(Client& client, BytesView packet, uint16_t packet_id) {
  if (packet[0] & 4) halves(client).sent.insert(packet_id);  // QoS 2
}

bool Shard::State::known(const Client& client, const mqtt::PublishView& packet) const {
  return packet.qos == Qos::exactly_once && client.two &&
         client.two->received.contains(packet.packet_id);
}

// False: it came before and was answered here (4.3.3-10).
bool Shard::State::received_anew(uint32_t index, const mqtt::PublishView& packet) {
  Client& client = at(index);
  if (halves(client).received.insert(packet.packet_id)) return true;
  if (client.acks) {
    for (const AckQueue::Item& item : client.acks->items) {
      if (item.type == PacketType::pubrec && item.packet_id == packet.packet_id) return false;
    }
  }
  answer(index, PacketType::pubrec, packet.packet_id, Reason::success, 0);
  return false;
}

void Shard::State::exactly_once(uint32_t index, const mqtt::Frame& frame) {
  auto packet = mqtt::decode_acknowledgement(frame, at(index).version);
  if (!packet) return fail(index, packet.error(), wire::GoneReason::protocol_error);
  if (frame.type == PacketType::pubrel) return pubrel(index, *packet);
  if (frame.type == PacketType::pubrec) return pubrec(index, *packet);
  pubcomp(index, *packet);
}

void Shard::State::pubrel(uint32_t index, const AcknowledgementView& packet) {
  Client& client = at(index);
  bool found = client.two && client.two->received.erase(packet.packet_id);
  answer(index, PacketType::pubcomp, packet.packet_id,
         found ? Reason::success : Reason::packet_identifier_not_found, 0);
}

void Shard::State::pubrec(uint32_t index, const AcknowledgementView& packet) {
  Client& client = at(index);
  uint16_t id = packet.packet_id;
  bool ours = client.two && client.two->sent.contains(id);
  if (!ours && client.ids.contains(id)) {  // it owes PUBACK
    return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error);
  }
  if (ours && packet.reason >= Reason::unspecified_error) return pubcomp(index, packet);
  // An unknown one is completed all the same (4.3.3-4); 5.0 says that it was not found.
  Bytes pubrel;
  mqtt::encode_acknowledgement(client.version, PacketType::pubrel, id,
                               ours ? Reason::success : Reason::packet_identifier_not_found,
                               pubrel);
  write(index, BytesView(pubrel));
}

void Shard::State::pubcomp(uint32_t index, const AcknowledgementView& packet) {
  Client& client = at(index);
  if (!client.two || !client.two->sent.erase(packet.packet_id)) return;
  client.ids.release(packet.packet_id);
  if (client.waiting) pump_waiting(index);
}

}  // namespace muster::broker
