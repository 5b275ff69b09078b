// QoS 2 (4.3.3), both halves. A publisher's packet identifier is known from its PUBLISH to its
// PUBREL: what comes again under it is answered and goes nowhere. Towards a subscriber an
// identifier is in use until PUBCOMP, or a PUBREC that refuses; of a persistent session global
// stores that PUBREC came, and only then PUBREL goes out: from there on PUBREL is what is sent
// again.

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

// What came before is answered here and goes nowhere (4.3.3-10). Of what came to another broker,
// which has died, only global is known to have it.
Reach Shard::State::received(uint32_t index, const mqtt::PublishView& packet) {
  Client& client = at(index);
  ExactlyOnce& two = halves(client);
  if (two.received.insert(packet.packet_id)) return Reach::all;
  if (two.unsettled.erase(packet.packet_id)) return Reach::direct;
  if (client.acks) {
    for (const AckQueue::Item& item : client.acks->items) {
      if (item.type == PacketType::pubrec && item.packet_id == packet.packet_id) {
        return Reach::nowhere;
      }
    }
  }
  answer(index, PacketType::pubrec, packet.packet_id, Reason::success, 0);
  return Reach::nowhere;
}

// What the publisher has not released since earlier connections.
void Shard::State::inherit(uint32_t index, const wire::Grant& grant) {
  if (grant.received.empty()) return;
  ExactlyOnce& two = halves(at(index));
  for (const uint16_t id : grant.received) two.received.insert(id);
  for (const uint16_t id : grant.unsettled) two.unsettled.insert(id);
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
  uint16_t id = packet.packet_id;
  if (!client.two || !client.two->received.erase(id)) {
    return answer(index, PacketType::pubcomp, id, Reason::packet_identifier_not_found, 0);
  }
  client.two->unsettled.erase(id);
  if (!client.persistent) return answer(index, PacketType::pubcomp, id, Reason::success, 0);
  // Used again before global has forgotten it, it would be taken for the same publication.
  wire::PublishReleased release{Bytes(client.client_id()), client.term, id};
  to_node.letters.emplace_back(ForGlobal{std::move(release), next_token});
  answer(index, PacketType::pubcomp, id, Reason::success, 1);
}

void Shard::State::pubrec(uint32_t index, const AcknowledgementView& packet) {
  Client& client = at(index);
  if (client.inbox) return inbox_pubrec(index, packet);
  uint16_t id = packet.packet_id;
  bool ours = client.two && client.two->sent.contains(id);
  if (!ours && client.ids.contains(id)) {  // it owes PUBACK
    return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error);
  }
  if (ours && packet.reason >= Reason::unspecified_error) return pubcomp(index, packet);
  // An unknown one is completed all the same (4.3.3-4); 5.0 says that it was not found.
  send_pubrel(index, id, ours ? Reason::success : Reason::packet_identifier_not_found);
}

void Shard::State::send_pubrel(uint32_t index, uint16_t packet_id, Reason reason) {
  Bytes packet;
  mqtt::encode_acknowledgement(at(index).version, PacketType::pubrel, packet_id, reason, packet);
  write(index, BytesView(packet));
}

void Shard::State::pubcomp(uint32_t index, const AcknowledgementView& packet) {
  Client& client = at(index);
  if (client.inbox) {
    auto number =
        client.inbox->window.answered(PacketType::pubcomp, packet.packet_id, packet.reason);
    if (number) acknowledge_number(index, *number);
    return;
  }
  if (!client.two || !client.two->sent.erase(packet.packet_id)) return;
  client.ids.release(packet.packet_id);
  if (client.waiting) pump_waiting(index);
}

// ---- persistent subscribers ------------------------------------------------------------------

void Shard::State::inbox_pubrec(uint32_t index, const AcknowledgementView& packet) {
  using Window = mqtt::InboxWindow;
  Window& window = at(index).inbox->window;
  const Window::State before = window.state(packet.packet_id);
  if (before == Window::State::awaits_puback) {
    return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error);
  }
  const auto number = window.answered(PacketType::pubrec, packet.packet_id, packet.reason);
  if (!number) return send_pubrel(index, packet.packet_id, Reason::packet_identifier_not_found);
  if (packet.reason >= Reason::unspecified_error) return acknowledge_number(index, *number);
  if (before == Window::State::awaits_pubrec) return inbox_received(index, *number);
  if (before == Window::State::awaits_pubcomp) {
    send_pubrel(index, packet.packet_id, Reason::success);
  }
}

void Shard::State::inbox_received(uint32_t index, uint64_t number) {
  at(index).inbox->received.push_back(number);
  tell_global(index);
}

void Shard::State::inbox_released(const wire::InboxReleased& message) {
  uint32_t index = 0;
  Client* client = find_session(message.client_id, message.term, index);
  if (client == nullptr) return;
  for (uint64_t number : message.numbers) {
    const uint16_t id = client->inbox->window.stored(number);
    if (id != 0) send_pubrel(index, id, Reason::success);
  }
}

}  // namespace muster::broker
