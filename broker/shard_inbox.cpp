// Persistent sessions: what global streams out of their inboxes (protocol.md, Sessions). Packet
// identifiers follow from inbox numbers; nothing is delivered while this broker's lease is over.

#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using Window = mqtt::InboxWindow;

namespace {

wire::InboxEntry entry_of(uint64_t number, const mqtt::PlainPacket& packet, BytesView whole) {
  wire::InboxEntry entry;
  entry.number = number;
  entry.publication.topic = Slice(SharedBuffer(), packet.topic);
  entry.publication.payload = Slice(SharedBuffer(), packet.payload_of(whole));
  entry.publication.qos = 1;
  wire::own(entry.publication);  // it may stay for long
  return entry;
}

}  // namespace

void Shard::State::inbox_deliver(wire::Deliver message) {
  uint32_t index = 0;
  Client* client = find_session(message.client_id, message.term, index);
  if (client == nullptr) return;  // of a former term: global streams it out again under the next
  InboxState& inbox = *client->inbox;
  for (wire::InboxEntry& entry : message.entries) {
    if (entry.number <= inbox.newest) {
      if (!entry.redelivery) return inbox_damaged(index);
      came_again(index, entry);
      continue;
    }
    inbox.newest = entry.number;
    const uint32_t expiry_s = entry.publication.expiry_s;
    const bool never_sent = expiry_s != wire::no_expiry && !entry.redelivery;
    if (inbox.held.empty() && !never_sent && inbox_open(*client, entry.number)) {
      inbox_send(index, entry);
      continue;
    }
    wire::own(entry.publication);  // it may stay for long
    inbox.held.push_back(
        {std::move(entry), never_sent ? now.mono + std::chrono::seconds(expiry_s) : never});
  }
  pump_inbox(index);
}

// Global forgot what it had streamed (its store was damaged or not synced): numbers begin anew, for
// this device with its next connection.
void Shard::State::inbox_damaged(uint32_t index) {
  fail(index, mqtt::Reason::administrative_action, wire::GoneReason::administrative,
       "the inbox was damaged: connect again");
}

// As a Deliver, of plain packets: nearly all go out as they came, but for their packet identifiers.
void Shard::State::inbox_deliver(const wire::DeliverRun& message) {
  uint32_t index = 0;
  Client* client = find_session(message.client_id, message.term, index);
  if (client == nullptr) return;
  InboxState& inbox = *client->inbox;
  uint64_t number = message.number;
  if (number <= inbox.newest) return inbox_damaged(index);
  const bool as_they_came = message.v5 == (client->version == mqtt::Version::v5);
  const auto send = [&](BytesView whole, const mqtt::PlainPacket& packet) {
    inbox.newest = number;
    const bool fits = packet.size <= client->maximum_packet_size;
    if (as_they_came && fits && inbox.held.empty() && inbox_open(*client, number)) {
      const uint16_t id = inbox.window.start(number, Window::State::awaits_puback);
      ++counters.delivered;
      counters.payload_sent += packet.payload;
      write_publish(index, whole, {}, packet.id_at, id);
    } else {
      inbox.held.push_back({entry_of(number, packet, whole), never});
    }
    ++number;
  };
  mqtt::for_each_plain(message.packets, mqtt::version_of(message.v5), send);
  pump_inbox(index);
}

// May the entry with this number go out now? If not, sent() or the lease goes on.
bool Shard::State::inbox_open(const Client& client, uint64_t number) const {
  return now.mono < lease_until && client.outbox.size() <= options.outbox_limit_bytes &&
         client.inbox->window.may_start(number);
}

// Global has started anew, or knows this connection under a new term, and streams out whatever it
// has no acknowledgement of. To the same connection nothing is sent twice (4.4.0-1).
void Shard::State::came_again(uint32_t index, const wire::InboxEntry& entry) {
  const uint64_t number = entry.number;
  const InboxState& inbox = *at(index).inbox;
  const Window& window = inbox.window;
  const bool held = !inbox.held.empty() && number >= inbox.held.front().number;
  const auto state = window.in_flight() > 0 && number >= window.oldest()
                         ? window.state(Window::packet_id_of(number))
                         : Window::State::none;
  if (state == Window::State::awaits_store) {
    // What we said of its PUBREC, or what global answered, may not have arrived.
    if (!entry.released) return inbox_received(index, number);
    return inbox_released({Bytes(at(index).client_id()), at(index).term, {number}});
  }
  if (!held && state == Window::State::none) acknowledge_number(index, number);
}

void Shard::State::pump_inbox(uint32_t index) {
  Client& client = at(index);
  InboxState& inbox = *client.inbox;
  while (!inbox.held.empty() && inbox_open(client, inbox.held.front().number)) {
    InboxState::Held& next = inbox.held.front();
    if (inbox_wanted(next)) {
      inbox_send(index, next);
    } else {
      acknowledge_number(index, next.number);
    }
    inbox.held.pop_front();
  }
  if (!inbox.held.empty() && now.mono >= lease_until) await_lease(index);
}

void Shard::State::await_lease(uint32_t index) {
  InboxState& inbox = *at(index).inbox;
  if (std::exchange(inbox.awaits_lease, true)) return;
  lease_waits.push_back(ref(index));
}

// As still_wanted().
bool Shard::State::inbox_wanted(InboxState::Held& entry) {
  if (entry.expires == never) return true;
  // Of QoS 2 the device may have the first half: the second follows in any case.
  if (entry.redelivery && entry.publication.qos > 1) return true;
  if (entry.expires <= now.mono) {
    ++counters.expired;
    return false;
  }
  auto left = std::chrono::ceil<std::chrono::seconds>(entry.expires - now.mono);
  entry.publication.expiry_s = static_cast<uint32_t>(left.count());
  return true;
}

void Shard::State::inbox_send(uint32_t index, const wire::InboxEntry& entry) {
  Client& client = at(index);
  if (entry.released) {
    uint16_t id = client.inbox->window.start(entry.number, Window::State::awaits_pubcomp);
    return send_pubrel(index, id, mqtt::Reason::success);
  }
  const wire::Publication& from = entry.publication;
  Bytes properties;
  if (from.expiry_s == wire::no_expiry) {
    properties.assign(from.properties);
  } else {  // what is left of it (3.3.2-6)
    mqtt::forwardable_properties(from.properties, from.expiry_s, properties);
  }
  if (!entry.identifiers.empty()) {
    mqtt::Properties identifiers;
    identifiers.subscription_identifiers = entry.identifiers;
    mqtt::encode_properties(identifiers, properties);
  }
  const bool twice = from.qos > 1;
  Window& window = client.inbox->window;
  uint16_t id = window.start(entry.number,
                             twice ? Window::State::awaits_pubrec : Window::State::awaits_puback);
  Bytes& packet = encode_buffer;
  packet.clear();
  const bool encoded =
      mqtt::encode_publish_head(client.version, from.topic, from.payload.size(), properties,
                                twice ? mqtt::Qos::exactly_once : mqtt::Qos::at_least_once,
                                from.retain, entry.redelivery, id, packet);
  if (!encoded || packet.size() + from.payload.size() > client.maximum_packet_size) {  // 3.1.2-25
    if (!twice) return inbox_acked(index, id);
    return inbox_pubrec(index, {id, mqtt::Reason::packet_too_large});
  }
  ++counters.delivered;
  counters.payload_sent += from.payload.size();
  write_publish(index, packet, from.payload);
}

void Shard::State::inbox_acked(uint32_t index, uint16_t packet_id) {
  Client& client = at(index);
  auto number =
      client.inbox->window.answered(mqtt::PacketType::puback, packet_id, mqtt::Reason::success);
  if (number) acknowledge_number(index, *number);
}

void Shard::State::acknowledge_number(uint32_t index, uint64_t number) {
  at(index).inbox->acked.push_back(number);
  tell_global(index);
}

void Shard::State::tell_global(uint32_t index) {
  Client& client = at(index);
  if (client.acked) return;
  client.acked = true;
  acked_clients.push_back(index);
}

// One InboxAck a session and turn; it also gives global the credit to stream more.
void Shard::State::flush_inbox_acks() {
  for (uint32_t index : acked_clients) {
    Client& client = at(index);
    if (!client.acked) continue;  // flushed at its end
    client.acked = false;
    if (!client.inbox) continue;
    wire::InboxAck ack{Bytes(client.client_id()), client.term,
                       std::exchange(client.inbox->acked, {}),
                       std::exchange(client.inbox->received, {})};
    for_global(std::move(ack));
    pump_inbox(index);
  }
  acked_clients.clear();
}

void Shard::State::lease_renewed(Instant until) {
  lease_until = until;
  for (const ClientRef& waiting : std::exchange(lease_waits, {})) {
    Client* client = find(waiting.index, waiting.generation);
    if (client == nullptr) continue;
    client->inbox->awaits_lease = false;
    pump_inbox(waiting.index);
    if (client->acks) release_acks(waiting.index);
  }
}

}  // namespace muster::broker
