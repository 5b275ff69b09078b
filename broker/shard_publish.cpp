// PUBLISH from a client to everybody who wants it: this shard's own clients at once, other shards
// and nodes by parcel at the end of the turn (two-level match).

#include <functional>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::PublishView;
using mqtt::Qos;
using mqtt::Reason;

namespace {

bool contains(BytesView whole, BytesView part) {
  const std::less_equal<const char*> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

// What is plain crosses to other shards as it came; of nothing else the count is 0.
PublicationRun run_of_one(BytesView as_is, mqtt::Version version, Qos qos) {
  const mqtt::PlainPacket packet = mqtt::plain_packet(as_is, version, as_is.size(), mqtt::any_qos);
  const uint32_t count = packet.size != 0 ? 1 : 0;
  return {{as_is, packet.topic, version, qos, count, packet.payload}};
}

}  // namespace

void Shard::State::publish(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  auto decoded = mqtt::read_publish(frame, client.version);
  if (!decoded) return fail(index, decoded.error(), wire::GoneReason::protocol_error);
  if (known_route(client, decoded->topic) == nullptr) {  // else it was judged before
    const Reason fault = mqtt::judge_topic(*decoded);
    if (fault != Reason::success) return fail(index, fault, wire::GoneReason::protocol_error);
  }
  if (!publish_allowed(index, *decoded)) return;
  ++counters.received;
  counters.payload_received += decoded->payload.size();
  // Without DUP and RETAIN it goes out as it came in, but for its packet identifier, to receivers
  // of the same version and QoS.
  const BytesView as_is = (frame.flags & 9) == 0 ? frame.whole : BytesView();
  if (!decoded->forwardable) return publish_aliased(index, *decoded);
  publish_whole(index, *decoded, as_is);
}

// With a topic alias (3.3.2.3.4): from here on it is the packet that it stands for.
void Shard::State::publish_aliased(uint32_t index, PublishView packet) {
  Client& client = at(index);
  if (!client.aliases_in) {
    client.aliases_in = std::make_unique<mqtt::TopicAliases>(options.topic_alias_maximum);
  }
  auto topic = client.aliases_in->resolve(packet.topic, packet.topic_alias);
  if (!topic) {
    bool over = topic.error() == Reason::topic_alias_invalid;
    return fail(
        index, topic.error(), wire::GoneReason::protocol_error,
        over ? "CONNACK says how many topic aliases there are" : "this topic alias was never set");
  }
  Bytes properties;
  mqtt::forwardable_properties(packet.properties, properties);
  packet.topic = *topic;
  packet.topic_alias = 0;
  packet.properties = properties;
  packet.forwardable = true;
  publish_whole(index, packet, {});
}

// `as_is`: see publish_routed().
void Shard::State::publish_whole(uint32_t index, const PublishView& packet, BytesView as_is) {
  Reach reach = Reach::all;
  if (packet.qos == Qos::exactly_once) reach = received(index, packet);
  if (reach == Reach::nowhere) return;
  if (packet.topic[0] == '$') return publish_virtual(index, packet, reach);
  publish_routed(index, packet, as_is, reach);
}

// `as_is`: the packet as it may be sent on, but for its packet identifier; empty if it must be
// encoded.
void Shard::State::publish_routed(uint32_t index, const PublishView& packet, BytesView as_is,
                                  Reach reach) {
  Client& client = at(index);
  const Resolved& resolved = route(client, packet.topic);
  uint32_t targets = forward(resolved, packet, as_is, client, reach);
  bool grouped = false;
  if (!resolved.groups.empty() || !global_known) {
    targets += publish_to_groups(index, resolved, packet, as_is, grouped);
  }
  if (packet.qos != Qos::at_most_once) {
    bool nobody = resolved.targets.empty() && resolved.routes.shards == 0 && !grouped &&
                  resolved.routes.peers == 0 && global_known && !packet.retain;
    acknowledge(index, packet, nobody ? Reason::no_matching_subscribers : Reason::success, targets);
  }
  if (resolved.targets.empty()) return;
  Outgoing outgoing;
  // Field by field: a temporary that is copied at once costs more than all of this.
  PublicationView& out = outgoing.publication;
  out.topic = packet.topic;
  out.payload = packet.payload;
  out.properties = packet.properties;
  out.qos = packet.qos;
  out.retain = packet.retain;
  out.expiry_s = packet.message_expiry;
  outgoing.from = index;
  outgoing.take_as_is(client.version, as_is);
  deliver_encoding(resolved, outgoing);
}

// What CONNACK announced as not available (3.2.2.3.5, .8) and the Receive Maximum (3.3.4-7).
bool Shard::State::publish_allowed(uint32_t index, const PublishView& packet) {
  Client& client = at(index);
  auto refused = [&](Reason reason, BytesView detail = {}) {
    fail(index, reason, wire::GoneReason::protocol_error, detail);
    return false;
  };
  // 3.1.1 knows no such limit: there we stop reading, and 65,535 identifiers are all it has.
  if (client.version == mqtt::Version::v5 && packet.qos != Qos::at_most_once &&
      (client.acks || client.two) && unanswered(client) >= options.receive_maximum &&
      !known(client, packet)) {
    return refused(Reason::receive_maximum_exceeded, "CONNACK says how many may be under way");
  }
  return true;
}

const Resolved& Shard::State::route(Client& client, BytesView topic) {
  if (client.last_route_version == cache.version() && client.last_route->topic == topic) {
    return *client.last_route;
  }
  const Resolved& resolved = cache.find(topic, interests, routes, groups);
  client.last_route = &resolved;
  client.last_route_version = cache.version();
  return resolved;
}

// One buffer for all receivers of a large payload: the packet's own, else a copy. `held` keeps it.
void Shard::State::hold_large(PublicationView& publication, Slice& held) {
  if (publication.payload.size() < large_payload_bytes) return;
  const bool own = incoming && contains(*incoming, publication.payload);
  held = own ? Slice(incoming, publication.payload) : Slice(publication.payload);
  publication.payload = held;
  publication.large = &held;
}

// Hands the publication to other shards and nodes; returns how many nodes must say Taken. `as_is`:
// see publish_routed().
uint32_t Shard::State::forward(const Resolved& resolved, const PublishView& packet, BytesView as_is,
                               const Client& publisher, Reach reach) {
  bool acknowledged = packet.qos != Qos::at_most_once;
  uint64_t peers = resolved.routes.peers;
  uint64_t global = uint64_t{1} << global_peer;
  if (!acknowledged) peers &= ~global;
  const bool retained = packet.retain && reach == Reach::all;  // else global has it
  if (retained || (acknowledged && !global_known)) peers |= global;
  bool stored = packet.qos == Qos::exactly_once && publisher.persistent;  // its packet identifier
  if (stored) peers = reach == Reach::all ? peers | global : peers & ~global;
  if (peers == 0 && resolved.routes.shards == 0) return 0;

  PublicationView out{packet.topic, packet.payload, packet.properties, {}, packet.qos};
  out.expiry_s = packet.message_expiry;
  out.retain = packet.retain;
  if (retained) out.token = retain(packet, publisher);
  Slice held;
  hold_large(out, held);
  PublicationRun one;
  if (resolved.routes.shards != 0) one = run_of_one(as_is, publisher.version, packet.qos);
  for (uint64_t left = resolved.routes.shards; left != 0; left &= left - 1) {
    Publications& to = to_shards[static_cast<size_t>(__builtin_ctzll(left))].publications;
    one.count == 1 ? to.append(one) : to.append(out);
  }
  if (peers == 0) return 0;
  out.publisher = publisher.client_id();
  out.door = publisher.door;
  out.peers = peers;
  out.token = acknowledged ? next_token : 0;
  if (stored) out.packet_id = packet.packet_id, out.term = publisher.term;
  to_node.publications.append(out);
  return acknowledged ? static_cast<uint32_t>(__builtin_popcountll(peers)) : 0;
}

// A parcel from a neighbour or the Node: matched again, delivered here only.
void Shard::State::deliver_parcel(const Parcel& parcel) {
  const auto publication_arrived = [&](const PublicationView& publication) {
    if (publication.way != wire::ShareWay::none) return shared_arrived(publication);
    if (publication.retain && !parcel.from_node) note_own(parcel.from, publication);
    const Resolved& resolved = cache.find(publication.topic, interests, routes, groups);
    if (resolved.targets.empty()) return;
    Outgoing outgoing;
    outgoing.publication = publication;
    deliver_encoding(resolved, outgoing);
  };
  parcel.publications.for_each(publication_arrived,
                               [&](const PublicationRun& run) { run_arrived(run); });
}

}  // namespace muster::broker
