// Publications out to this shard's own clients. The packet is encoded once for each form (version,
// acknowledged or not) and copied into the outboxes; only the packet identifier differs.

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::Qos;
using mqtt::Version;

// With the shard's buffer for what is encoded.
void Shard::State::deliver_encoding(const Resolved& resolved, Outgoing& outgoing) {
  outgoing.encoded.first = std::move(encode_buffer);
  deliver(resolved, outgoing);
  encode_buffer = std::move(outgoing.encoded.first);
  encode_buffer.clear();
  if (encode_buffer.capacity() > spare_capacity_limit) Bytes().swap(encode_buffer);
}

void Shard::State::deliver(const Resolved& resolved, Outgoing& outgoing) {
  if (outgoing.publication.retain) return deliver_retained(resolved, outgoing);
  for (const Target& target : resolved.targets) {
    if (const Target* wants = wanting(target, outgoing)) deliver_to(*wants, outgoing);
  }
}

// The target as it stands towards who published; nullptr: it does not want it (3.8.3-3). What an
// earlier connection published at another broker, and a will, come with the publisher's name.
const Target* Shard::State::wanting(const Target& target, const Outgoing& outgoing) {
  if (!target.looks_at_publisher()) return &target;
  const BytesView publisher = outgoing.publication.publisher;
  const bool own = target.client == outgoing.from ||
                   (!publisher.empty() && at(target.client).client_id() == publisher);
  return own ? target.towards_own() : &target;
}

void Shard::State::deliver_to(const Target& target, Outgoing& outgoing) {
  Client& client = at(target.client);
  if (client.phase != Phase::live) return;  // its subscriptions come in pages before its CONNACK
  Qos qos = std::min(outgoing.publication.qos, target.qos);
  bool acknowledged = qos != Qos::at_most_once;
  if (acknowledged && client.persistent) return;  // comes through its inbox

  if (target.has_identifiers() && client.version == Version::v5) {
    Outgoing own{outgoing.publication, outgoing.from,   {},
                 outgoing.retain,      outgoing.shared, outgoing.awaited};
    Bytes properties(outgoing.publication.properties);
    mqtt::Properties identifiers;
    identifiers.subscription_identifiers = target.seldom->identifiers;
    mqtt::encode_properties(identifiers, properties);
    own.publication.properties = properties;
    Target plain = target;
    plain.seldom.reset();
    return deliver_to(plain, own);
  }
  const Outgoing::Form& packet = form(outgoing, client.version, qos);
  // 3.1.2-25: as if delivered; empty: it grew over what a packet may have (2.1.4).
  if (packet.packet.empty() || packet.size() > client.maximum_packet_size) return;
  counters.payload_sent += outgoing.publication.payload.size();
  if (acknowledged) {
    const uint16_t id = send_or_queue(target.client, packet, outgoing.publication.expiry_s);
    if (outgoing.shared != nullptr) keep_share(target.client, id, *outgoing.shared, qos);
    return;
  }
  const bool full = client.outbox.size() > options.outbox_limit_bytes && !outgoing.awaited;
  if (full && slow(target.client)) return;
  ++counters.delivered;
  write_publish(target.client, packet.packet, packet.tail);
}

Outgoing::Form& Shard::State::form(Outgoing& outgoing, Version version, Qos qos) {
  bool v5 = version == Version::v5;
  bool acknowledged = qos != Qos::at_most_once;
  Outgoing::Encoded& all = outgoing.encoded;
  Outgoing::Form& made = all.forms[v5][static_cast<size_t>(qos)];
  if (!made.packet.empty()) return made;
  Bytes& storage = all.first.empty() ? all.first : all.more.emplace_front();
  const PublicationView& from = outgoing.publication;
  const Version as = v5 ? Version::v5 : Version::v3_1_1;
  const uint16_t id = acknowledged ? 1 : 0;
  bool encoded = false;
  if (from.payload.size() >= large_payload_bytes) {
    encoded = mqtt::encode_publish_head(as, from.topic, from.payload.size(), from.properties, qos,
                                        outgoing.retain, false, id, storage);
    made.tail = from.payload;
  } else {
    encoded = mqtt::encode_publish(as, from.topic, from.payload, from.properties, qos,
                                   outgoing.retain, false, id, storage);
  }
  if (!encoded) return made;
  made.packet = storage;
  if (acknowledged) {  // after the fixed header and the topic
    size_t at = 1;
    while (storage[at] & '\x80') ++at;
    made.id_at = static_cast<uint32_t>(at + 1 + 2 + from.topic.size());
  }
  return made;
}

// QoS > 0 to a clean session: at once while its window (and its outbox) has room, else it waits.
uint16_t Shard::State::send_or_queue(uint32_t index, const Outgoing::Form& packet,
                                     uint32_t expiry_s) {
  Client& client = at(index);
  bool room = client.outbox.size() <= options.outbox_limit_bytes;
  uint16_t id = room && !client.waiting ? client.ids.acquire() : uint16_t{0};
  if (id != 0) {
    ++counters.delivered;
    note_sent(client, packet.packet, id);
    write_publish(index, packet.packet, packet.tail, packet.id_at, id);
    return id;
  }
  if (!client.waiting) client.waiting = std::make_unique<Waiting>();
  Waiting& waiting = *client.waiting;
  // Alone it may be larger than the limit: nothing would ever make room for it.
  if (!waiting.items.empty() && waiting.bytes + packet.size() > options.queue_limit_bytes) {
    doom(index, mqtt::Reason::quota_exceeded, "too many messages wait for your PUBACK");
    return 0;
  }
  waiting.bytes += packet.size();
  Instant expires = expiry_s == UINT32_MAX ? never : now.mono + std::chrono::seconds(expiry_s);
  Bytes& whole = waiting.items.emplace_back(Waiting::Item{{}, packet.id_at, expires}).packet;
  whole.reserve(packet.size());
  whole.append(packet.packet).append(packet.tail);
  return 0;
}

// Room in the window or in the outbox: what waited goes out.
void Shard::State::pump_waiting(uint32_t index) {
  Client& client = at(index);
  Waiting& waiting = *client.waiting;
  while (!waiting.items.empty() && client.outbox.size() <= options.outbox_limit_bytes) {
    if (client.ids.full()) return;
    Waiting::Item& item = waiting.items.front();
    if (still_wanted(item, client.version)) {
      uint16_t id = client.ids.acquire();
      ++counters.delivered;
      note_sent(client, item.packet, id);
      write_publish(index, item.packet, {}, item.id_at, id);
      if (item.share) share_sent(index, id, std::move(*item.share));
    }
    waiting.bytes -= item.packet.size();
    waiting.items.pop_front();
  }
  if (!waiting.items.empty()) return;
  client.waiting.reset();
  if (client.retained) pump_retained(index);
}

// What expired while it waited is deleted (3.3.2-5), else what is left goes with it (3.3.2-6).
bool Shard::State::still_wanted(Waiting::Item& item, Version version) {
  if (item.expires == never) return true;
  if (item.expires <= now.mono) {
    ++counters.expired;
    return false;
  }
  auto left = std::chrono::ceil<std::chrono::seconds>(item.expires - now.mono);
  if (version == Version::v5) {
    mqtt::restamp_message_expiry(item.packet, static_cast<uint32_t>(left.count()));
  }
  return true;
}

// QoS 0 to a client whose outbox is over its limit: dropped and counted. One that stays over it is
// closed, so that it holds memory only for a while.
bool Shard::State::slow(uint32_t index) {
  Client& client = at(index);
  ++counters.dropped;
  if (client.over_limit_since == never) client.over_limit_since = now.mono;
  if (now.mono - client.over_limit_since > options.slow_reader_timeout) {
    doom(index, mqtt::Reason::quota_exceeded, "you read too slowly");
  }
  return true;
}

// Closing a client changes what is being walked through: it waits until the event is over.
void Shard::State::doom(uint32_t index, mqtt::Reason reason, const char* detail) {
  Client& client = at(index);
  if (client.doomed) return;
  client.doomed = true;
  doomed.push_back({index, reason, detail});
}

void Shard::State::close_doomed() {
  while (!doomed.empty()) {  // what one leaves to another may be too much for that one
    const auto [index, reason, detail] = doomed.back();
    doomed.pop_back();
    Client& client = at(index);
    client.doomed = false;
    if (client.phase != Phase::live) continue;
    ++counters.slow_closed;
    fail(index, reason, wire::GoneReason::administrative, detail);
  }
}

}  // namespace muster::broker
