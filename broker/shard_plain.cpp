// The short way, for nearly all that is published: a PUBLISH of QoS 0 or 1 without flags and
// properties whose topic is known already and goes to this shard's clients alone, who get it byte
// for byte as it came in (but for the packet identifier). Successive ones of QoS 0 and one topic go
// out as one span. Anything else takes the whole way (shard_publish.cpp), which has the same
// effects. What it brings: docs/performance.md.

#include <algorithm>

#include "broker/shard_state.hpp"

namespace muster::broker {
namespace {

using mqtt::Version;

struct PlainPacket {
  size_t size = 0;  // 0: something else
  BytesView topic;
  uint32_t payload = 0;  // its size
  uint32_t id_at = 0;    // 0: QoS 0
  uint16_t id = 0;
};

// Lengths of one or two bytes; what is longer is not slower on the whole way.
PlainPacket plain_packet(BytesView input, Version version, size_t maximum_packet_size) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(input[at]); };
  const auto number = [&](size_t at) {
    return static_cast<uint16_t>(byte(at) << 8 | byte(at + 1));
  };
  if (input.size() < 4 || (byte(0) | 2) != 0x32) return {};
  size_t length = byte(1);
  size_t at = 2;
  if (length >= 0x80) {
    if (byte(2) == 0 || byte(2) >= 0x80) return {};
    length = (length & 0x7F) | size_t{byte(2)} << 7;
    at = 3;
  }
  PlainPacket packet;
  const size_t size = at + length;
  if (size > input.size() || size > maximum_packet_size || length < 2) return {};
  const size_t topic = number(at);
  const size_t identifier = byte(0) == 0x32 ? 2 : 0;
  const size_t properties = version == Version::v5 ? 1 : 0;
  const size_t head = 2 + topic + identifier + properties;
  if (topic == 0 || length < head) return {};
  if (identifier > 0) {
    packet.id_at = static_cast<uint32_t>(at + 2 + topic);
    packet.id = number(packet.id_at);
    if (packet.id == 0) return {};
  }
  if (properties > 0 && byte(at + head - 1) != 0) return {};
  packet.size = size;
  packet.topic = {input.data() + at + 2, topic};
  packet.payload = static_cast<uint32_t>(length - head);
  return packet;
}

}  // namespace

// Returns how many bytes of `input` it has dealt with.
size_t Shard::State::publish_plain(uint32_t index, BytesView input) {
  Client& client = at(index);
  if (!global_known) return 0;
  BytesView rest = input;
  const auto next = [&] { return plain_packet(rest, client.version, options.maximum_packet_size); };
  PlainPacket packet = next();
  while (packet.size != 0 && packet.topic[0] != '$') {
    const Resolved* resolved = known_route(client, packet.topic);
    if (resolved == nullptr) break;
    const Resolved::Plain plain = plainness(*resolved, client.version);
    const char* const begin = rest.data();
    rest.remove_prefix(packet.size);
    if (packet.id_at == 0 && plain >= Resolved::Plain::qos0) {
      const BytesView topic = packet.topic;
      uint64_t count = 1;
      uint64_t payload = packet.payload;
      for (packet = next(); packet.size != 0 && packet.id_at == 0 && packet.topic == topic;
           packet = next()) {
        ++count;
        payload += packet.payload;
        rest.remove_prefix(packet.size);
      }
      deliver_plain(*resolved, {begin, static_cast<size_t>(rest.data() - begin)}, count, payload);
    } else if (packet.id_at != 0 && plain == Resolved::Plain::qos0_and_1 && !client.acks &&
               !client.two) {
      count_plain(1, packet.payload);
      answer(index, mqtt::PacketType::puback, packet.id, mqtt::Reason::success, 0);
      for (const Target& target : resolved->targets) {
        counters.payload_sent += packet.payload;
        send_or_queue(target.client, {{begin, packet.size}, {}, packet.id_at}, UINT32_MAX);
      }
      packet = next();
    } else {
      rest = {begin, static_cast<size_t>(input.data() + input.size() - begin)};
      break;
    }
  }
  return input.size() - rest.size();
}

const Resolved* Shard::State::known_route(Client& client, BytesView topic) {
  if (client.last_route_version == cache.version() && client.last_route->topic == topic) {
    return client.last_route;
  }
  const Resolved* resolved = cache.peek(topic);
  if (resolved == nullptr) return nullptr;
  client.last_route = resolved;
  client.last_route_version = cache.version();
  return resolved;
}

// Found out once for each version and resolution: what it depends on stays while a client is
// subscribed. Nobody to send it to: the publisher of QoS 1 may have to be told.
Resolved::Plain Shard::State::plainness(const Resolved& resolved, Version version) {
  Resolved::Plain& plain = resolved.plain[version == Version::v5];
  if (plain != Resolved::Plain::unknown) return plain;
  const auto& [shards, peers] = resolved.routes;
  const auto as_it_came = [&](const Target& target) {
    const Client& to = at(target.client);
    return (to.version == Version::v5) == (version == Version::v5) && !target.no_local &&
           !target.own && target.identifiers.empty() && !to.aliases_out &&
           to.maximum_packet_size == UINT32_MAX;
  };
  const auto acknowledged = [](const Target& target) {
    return target.qos != mqtt::Qos::at_most_once && !target.persistent;
  };
  const auto& targets = resolved.targets;
  plain = Resolved::Plain::nothing;
  if (!resolved.groups.empty() || shards != 0 || peers != 0) return plain;
  if (!std::all_of(targets.begin(), targets.end(), as_it_came)) return plain;
  const bool both = !targets.empty() && std::all_of(targets.begin(), targets.end(), acknowledged);
  return plain = both ? Resolved::Plain::qos0_and_1 : Resolved::Plain::qos0;
}

void Shard::State::count_plain(uint64_t count, uint64_t payload) {
  counters.packets_received += count;
  counters.received += count;
  counters.payload_received += payload;
}

void Shard::State::deliver_plain(const Resolved& resolved, BytesView packets, uint64_t count,
                                 uint64_t payload) {
  count_plain(count, payload);
  for (const Target& target : resolved.targets) {
    if (at(target.client).phase != Phase::live) continue;  // deliver_to()
    if (at(target.client).outbox.size() > options.outbox_limit_bytes) {
      counters.dropped += count - 1;
      slow(target.client);
      continue;
    }
    counters.delivered += count;
    counters.packets_sent += count;
    counters.payload_sent += payload;
    append(target.client, packets);
  }
}

}  // namespace muster::broker
