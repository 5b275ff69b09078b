// The short way, for nearly all that is published: plain packets whose topic is known already, and
// whose receivers here get them byte for byte as they came in (but for the packet identifier).
// Successive ones of one topic are a run: with QoS 0 it goes out as one span, and to neighbours and
// other nodes it goes as one in any case. Anything else takes the whole way (shard_publish.cpp),
// which has the same effects, and hands what is plain to neighbours as a run of one. What it
// brings: docs/performance.md.

#include <algorithm>
#include <bit>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::PlainPacket;
using mqtt::PlainRun;
using mqtt::Qos;
using mqtt::Version;

namespace {

// Then another one begins.
constexpr size_t full_run_bytes = 32 << 10;

bool look_at_publisher(const std::pmr::vector<Target>& targets) {
  return std::any_of(targets.begin(), targets.end(),
                     [](const Target& it) { return it.looks_at_publisher(); });
}

Resolved::Plain needed_for(Qos qos) {
  return static_cast<Resolved::Plain>(static_cast<int>(Resolved::Plain::qos0) +
                                      static_cast<int>(qos));
}

}  // namespace

// Returns how many bytes of `input` it has dealt with.
size_t Shard::State::publish_plain(uint32_t index, BytesView input) {
  Client& client = at(index);
  if (!global_known) return 0;
  BytesView rest = input;
  const auto next = [&] {
    return plain_packet(rest, client.version, options.maximum_packet_size, mqtt::qos0_or_1);
  };
  PlainPacket packet = next();
  while (packet.size != 0 && packet.topic[0] != '$' && !client.paused) {
    const Resolved* resolved = known_route(client, packet.topic);
    if (resolved == nullptr) break;
    const bool acknowledged = packet.id_at != 0;
    if (acknowledged && !takes_more(client)) break;
    const Qos qos = acknowledged ? Qos::at_least_once : Qos::at_most_once;
    if (plainness(*resolved, client.version) < needed_for(qos)) break;
    PublicationRun run{{rest, packet.topic, client.version, qos}};
    run.peers = resolved->routes.peers;
    if (!acknowledged) run.peers &= ~(uint64_t{1} << global_peer);
    run.token = next_token;
    bool more = true;
    do {
      ++run.count;
      run.payload += packet.payload;
      if (acknowledged) {
        answer_plain(index, packet.id, run.peers != 0);
        deliver_acknowledged(*resolved, rest.substr(0, packet.size), packet);
        more = !client.acks || takes_more(client);
      }
      rest.remove_prefix(packet.size);
      packet = next();
      more = more && run.packets.size() - rest.size() < full_run_bytes;
    } while (more && packet.size != 0 && (packet.id_at != 0) == acknowledged &&
             packet.has_topic(run.topic));
    run.packets.remove_suffix(rest.size());
    publish_run(index, *resolved, run);
  }
  return input.size() - rest.size();
}

// One more with QoS 1, without QoS 2 under way and below its Receive Maximum.
bool Shard::State::takes_more(const Client& client) const {
  if (client.two || client.paused) return false;
  return !client.acks || client.acks->items.size() < options.receive_maximum;
}

// `away`: it waits until nodes have taken it.
void Shard::State::answer_plain(uint32_t index, uint16_t packet_id, bool away) {
  constexpr auto type = mqtt::PacketType::puback;
  if (!away && !at(index).acks) return write_answer(index, type, packet_id, mqtt::Reason::success);
  queue_answer(index, type, packet_id, mqtt::Reason::success, !away);
}

// All that is left to do with it.
void Shard::State::publish_run(uint32_t index, const Resolved& resolved, PublicationRun& run) {
  counters.packets_received += run.count;
  counters.received += run.count;
  counters.payload_received += run.payload;
  for (uint64_t left = resolved.routes.shards; left != 0; left &= left - 1) {
    Publications& publications = to_shards[static_cast<size_t>(__builtin_ctzll(left))].publications;
    publications.append(run);
    parcels_full |= publications.size() >= full_parcel_bytes;
  }
  if (run.qos == Qos::at_most_once) deliver_run(resolved, run);
  if (run.peers == 0) return;
  const Client& client = at(index);
  run.publisher = client.client_id();
  run.door = client.door;
  to_node.publications.append(run);
  if (run.qos == Qos::at_most_once) return;
  const auto targets = static_cast<uint32_t>(std::popcount(run.peers));
  withheld.add({run.token, index, client.generation, targets, run.count});
}

// A neighbour's or another broker's run: matched once, delivered here only.
void Shard::State::run_arrived(const PublicationRun& run) {
  const Resolved& resolved = cache.find(run.topic, interests, routes, groups);
  if (resolved.targets.empty()) return;
  const Resolved::Plain plain = plainness_here(resolved, run.version);
  const bool own = !run.publisher.empty() && look_at_publisher(resolved.targets);
  const bool as_it_came = !own && plain >= needed_for(run.qos);
  if (as_it_came && run.qos == Qos::at_most_once) return deliver_run(resolved, run);
  mqtt::for_each_plain(run.packets, run.version, [&](BytesView whole, const PlainPacket& packet) {
    if (as_it_came) {
      deliver_acknowledged(resolved, whole, packet);
    } else {
      deliver_unlike(resolved, run, whole, packet);
    }
  });
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

// What of an own client's may take the short way. Found out once for each version and resolution:
// what it depends on stays while a client is subscribed.
Resolved::Plain Shard::State::plainness(const Resolved& resolved, Version version) {
  Resolved::Plain& plain = resolved.plain[version == Version::v5];
  if (plain != Resolved::Plain::unknown) return plain;
  const auto& [shards, peers] = resolved.routes;
  const auto& targets = resolved.targets;
  plain = Resolved::Plain::nothing;
  if (!resolved.groups.empty() || look_at_publisher(targets)) return plain;
  plain = plainness_here(resolved, version);
  // Nobody to send it to: the publisher of QoS 1 may have to be told.
  const bool nobody = targets.empty() && shards == 0 && peers == 0;
  return plain = nobody ? Resolved::Plain::qos0 : plain;
}

// What of a neighbour's may: its shard has seen to groups, and No Local is not about its clients.
Resolved::Plain Shard::State::plainness_here(const Resolved& resolved, Version version) {
  Resolved::Plain& plain = resolved.plain_here[version == Version::v5];
  if (plain != Resolved::Plain::unknown) return plain;
  const auto as_it_came = [&](const Target& target) {
    const Client& to = at(target.client);
    return (to.version == Version::v5) == (version == Version::v5) && !target.has_identifiers() &&
           !to.aliases_out && to.maximum_packet_size == UINT32_MAX;
  };
  const auto& targets = resolved.targets;
  plain = Resolved::Plain::nothing;
  if (!std::all_of(targets.begin(), targets.end(), as_it_came)) return plain;
  Qos all = Qos::exactly_once;
  for (const Target& target : targets) {
    // What comes through an inbox is nothing of ours.
    const bool inbox = target.persistent && target.qos != Qos::at_most_once;
    all = std::min(all, inbox ? Qos::exactly_once : target.qos);
  }
  return plain = needed_for(all);
}

void Shard::State::deliver_run(const Resolved& resolved, const PlainRun& run) {
  for (const Target& target : resolved.targets) {
    if (at(target.client).phase != Phase::live) continue;  // deliver_to()
    if (at(target.client).outbox.size() > options.outbox_limit_bytes) {
      counters.dropped += run.count - 1;
      slow(target.client);
      continue;
    }
    counters.delivered += run.count;
    counters.packets_sent += run.count;
    counters.payload_sent += run.payload;
    append(target.client, run.packets);
  }
}

// QoS 1 or 2.
void Shard::State::deliver_acknowledged(const Resolved& resolved, BytesView whole,
                                        const PlainPacket& packet) {
  for (const Target& target : resolved.targets) {
    if (target.persistent) continue;  // through its inbox
    counters.payload_sent += packet.payload;
    send_or_queue(target.client, {whole, {}, packet.id_at}, UINT32_MAX);
  }
}

// A packet from elsewhere to clients of whom not all take it as it came.
void Shard::State::deliver_unlike(const Resolved& resolved, const PublicationRun& run,
                                  BytesView whole, const PlainPacket& packet) {
  Outgoing outgoing;
  outgoing.publication.publisher = run.publisher;
  outgoing.publication.topic = packet.topic;
  outgoing.publication.payload = packet.payload_of(whole);
  outgoing.publication.qos = run.qos;
  outgoing.take_as_is(run.version, whole);
  deliver_encoding(resolved, outgoing);
}

}  // namespace muster::broker
