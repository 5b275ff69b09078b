// Acknowledgements. Ours to publishers go out in the order of what they answer, each once every
// target has taken the message (protocol.md, PUBACK). A subscriber's PUBACK frees its packet
// identifier. What only QoS 2 has is in shard_qos2.cpp.

#include <algorithm>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::Acknowledgement;
using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;

void Shard::State::acknowledge(uint32_t index, const mqtt::PublishView& packet, Reason reason,
                               uint32_t targets) {
  if (packet.qos == Qos::at_least_once) {
    return answer(index, PacketType::puback, packet.packet_id, reason, targets);
  }
  // 3.1.1 knows no refusal: its PUBREL follows in any case.
  Client& client = at(index);
  bool over = reason >= Reason::unspecified_error && client.version == mqtt::Version::v5;
  if (over) client.two->received.erase(packet.packet_id);
  answer(index, PacketType::pubrec, packet.packet_id, reason, targets);
}

void Shard::State::write_answer(uint32_t index, PacketType type, uint16_t packet_id,
                                Reason reason) {
  char packet[] = {static_cast<char>(static_cast<int>(type) << 4), 2,
                   static_cast<char>(packet_id >> 8), static_cast<char>(packet_id & 0xFF),
                   static_cast<char>(reason)};
  const bool told = at(index).version == mqtt::Version::v5 && reason != Reason::success;
  if (told) packet[1] = 3;
  write(index, BytesView(packet, told ? 5 : 4));
}

// `targets`: nodes that must still take it; other shards have it with the parcel of this turn.
void Shard::State::answer(uint32_t index, PacketType type, uint16_t packet_id, Reason reason,
                          uint32_t targets) {
  const Client& client = at(index);
  if (targets == 0 && !client.acks) return write_answer(index, type, packet_id, reason);
  if (targets > 0) withheld.add({next_token, index, client.generation, targets});
  queue_answer(index, type, packet_id, reason, targets == 0);
}

// Under the next token. `done`: it only waits for those before it.
void Shard::State::queue_answer(uint32_t index, PacketType type, uint16_t packet_id, Reason reason,
                                bool done) {
  Client& client = at(index);
  if (!client.acks) client.acks = std::make_unique<AckQueue>();
  client.acks->items.push_back({next_token++, packet_id, type, reason, done});
  client.acks->pubrecs += type == PacketType::pubrec;
  // 3.1.1 knows no Receive Maximum: we stop reading. MQTT 5 clients that go on are told 0x93.
  bool full = client.acks->items.size() >= options.receive_maximum;
  if (full && client.version != mqtt::Version::v5) pause(index);
}

void Shard::State::taken(const Taken& letter) {
  for (uint64_t token : letter.tokens) {
    Withheld* const known = withheld.find(token);
    if (known == nullptr || --known->targets > 0) continue;
    const Withheld done = *known;
    withheld.erase(token);
    if (done.client == departed) {
      departure_taken(done.generation);
      continue;
    }
    Client* client = find(done.client, done.generation);
    if (client == nullptr || !client->acks) continue;
    auto& items = client->acks->items;
    auto item = std::lower_bound(items.begin(), items.end(), token,
                                 [](const AckQueue::Item& a, uint64_t b) { return a.token < b; });
    if (item == items.end() || item->token != token) continue;
    const bool first = item == items.begin();
    for (; item != items.end() && item->token < token + done.count; ++item) item->done = true;
    if (first) release_acks(done.client);
  }
}

// While the lease is over a younger connection may have the session elsewhere, and global lets go
// what this one publishes with QoS 2: PUBREC must not say otherwise.
bool Shard::State::may_answer(uint32_t index, const AckQueue::Item& item) {
  const Client& client = at(index);
  if (item.type != PacketType::pubrec || !client.inbox || now.mono < lease_until) return true;
  await_lease(index);
  return false;
}

void Shard::State::release_acks(uint32_t index) {
  Client& client = at(index);
  auto& items = client.acks->items;
  while (!items.empty() && items.front().done) {
    const AckQueue::Item& item = items.front();
    if (!may_answer(index, item)) break;
    client.acks->pubrecs -= item.type == PacketType::pubrec;
    write_answer(index, item.type, item.packet_id, item.reason);
    items.pop_front();
  }
  bool room = items.size() < options.receive_maximum;
  if (items.empty()) client.acks.reset();
  if (room && client.paused) resume(index);
}

void Shard::State::puback(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  uint16_t packet_id = 0;
  if (frame.body.size() == 2 && frame.flags == 0) {  // nearly always
    packet_id = static_cast<uint16_t>(static_cast<uint8_t>(frame.body[0]) << 8 |
                                      static_cast<uint8_t>(frame.body[1]));
  }
  if (packet_id == 0) {
    auto decoded = mqtt::decode(frame, client.version, mqtt::Sender::client);
    if (!decoded) return fail(index, decoded.error(), wire::GoneReason::protocol_error);
    packet_id = std::get<Acknowledgement>(*decoded).packet_id;
  }
  if (client.inbox) return inbox_acked(index, packet_id);
  if (client.two && client.two->sent.contains(packet_id)) {  // it owes PUBREC (4.3.3)
    return fail(index, Reason::protocol_error, wire::GoneReason::protocol_error);
  }
  if (!client.ids.release(packet_id)) return;
  if (client.shares) share_acknowledged(index, packet_id);
  if (client.waiting) pump_waiting(index);
}

}  // namespace muster::broker
