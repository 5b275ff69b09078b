#include "broker/node_publications.hpp"

#include <algorithm>
#include <bit>

namespace muster::broker {

void NodePublications::from_shard(Now now, ShardIndex shard, Publications publications) {
  if (publications.empty()) return;
  routes_.flush(now.mono);  // a reply must not overtake the route it needs
  const auto held = std::make_shared<const Publications>(std::move(publications));
  held->for_each([&](const PublicationView& view) { forward(now, shard, view, held); },
                 [&](const PublicationRun& run) { forward(now, shard, run); });
}

// What is small is encoded or copied before this returns; what is large stands in the shard's
// parcel until its receivers have taken it.
void NodePublications::forward(Now now, ShardIndex shard, const PublicationView& view,
                               const std::shared_ptr<const Publications>& held) {
  const bool large =
      view.topic.size() + view.payload.size() + view.properties.size() + view.publisher.size() >=
      wire::large_text_bytes;
  const auto text = [&](BytesView of) {
    return large ? Slice(held, of) : Slice(SharedBuffer(), of);
  };
  Outward outward{wire::Message(std::in_place_type<wire::Publish>), view.qos, 1};
  auto& publish = std::get<wire::Publish>(outward.message);
  wire::Publication& publication = publish.publication;
  publication.topic = text(view.topic);
  publication.payload = text(view.payload);
  publication.properties = text(view.properties);
  publication.qos = static_cast<uint8_t>(view.qos);
  publication.retain = view.retain;
  publication.expiry_s = view.expiry_s;
  publication.publisher = text(view.publisher);
  publication.published_ms = now.wall.ms;
  const bool to_global = (view.peers & uint64_t{1} << global_peer) != 0;
  if (to_global) {
    publication.durability = durability_.of(view.topic, view.properties, view.door);
  } else if (view.way != wire::ShareWay::none) {
    publication.durability = view.door;  // its owner may have to pass it on to global
  }
  const uint64_t retained = to_global && view.retain && view.way == wire::ShareWay::none
                                ? retained_counter(shard, view)
                                : 0;
  publish.term = view.term;
  publish.packet_id = view.packet_id;
  publish.retained = retained;
  publish.share = view.share;
  publish.way = view.way;
  for (uint64_t bits = view.peers; bits != 0; bits &= bits - 1) {
    const auto index = static_cast<PeerIndex>(std::countr_zero(bits));
    const uint64_t echo = index == global_peer ? retained : 0;
    to_peer(now, index, outward, {shard, view.token, echo});
  }
}

void NodePublications::forward(Now now, ShardIndex shard, const PublicationRun& run) {
  Outward outward{wire::Message(std::in_place_type<wire::PublishRun>), run.qos, run.count};
  auto& publish = std::get<wire::PublishRun>(outward.message);
  publish.packets = Slice(SharedBuffer(), run.packets);
  publish.v5 = run.version == mqtt::Version::v5;
  publish.publisher = Slice(SharedBuffer(), run.publisher);
  publish.published_ms = now.wall.ms;
  if ((run.peers & uint64_t{1} << global_peer) != 0) {
    publish.durability = durability_.of(run.topic, {}, run.door);
  }
  for (uint64_t bits = run.peers; bits != 0; bits &= bits - 1) {
    to_peer(now, static_cast<PeerIndex>(std::countr_zero(bits)), outward, {shard, run.token, 0});
  }
}

// 0: nobody waits for it, and too much of its kind is on the way: it is not retained.
uint64_t NodePublications::retained_counter(ShardIndex shard, const PublicationView& view) {
  const bool loose = view.qos == mqtt::Qos::at_most_once;
  if (loose && (streams_.loose_bytes() > desk_.options.link.window_bytes ||
                streams_.unacknowledged(global_peer) >= desk_.options.for_global_max)) {
    ++desk_.counters.retained_dropped;
    retained_.dropped(shard);
    return 0;
  }
  return retained_.accepted(shard);
}

void NodePublications::to_peer(Now now, PeerIndex index, const Outward& outward, Receipt receipt) {
  const auto& [message, qos, count] = outward;
  const NodePeer* peer = peers_.at(index);
  if (qos == mqtt::Qos::at_most_once && index == global_peer) {
    if (receipt.retained != 0) streams_.send(now.mono, index, peer, message, receipt);
    return;
  }
  if (qos == mqtt::Qos::at_most_once) {
    if (peer == nullptr || !peer->up || !peer->open || !desk_.links.credit(peer->name)) {
      desk_.counters.dropped_no_credit += count;
      return;
    }
    desk_.counters.forwarded += count;
    routes_.flush_to(*peer);
    desk_.links.stream(peer->name, message);
    return;
  }
  const bool awaited = peer != nullptr && (peer->open || peer->reopening);
  if (index != global_peer && !awaited) {
    desk_.counters.dropped_ended += count;
    streams_.taken(receipt);
    const auto* publish = std::get_if<wire::Publish>(&message);
    if (publish && publish->way == wire::ShareWay::one) route_again(receipt.shard, *publish);
    return;
  }
  desk_.counters.forwarded += count;
  if (awaited && peer->up) routes_.flush_to(*peer);
  streams_.send(now.mono, index, peer, message, receipt);
}

void NodePublications::from_peer(wire::Publish message) {
  if (message.will != 0) {
    constexpr size_t remembered = 65'536;
    if (!wills_.insert(message.will).second) return;
    if (wills_.size() > remembered) wills_.erase(wills_.begin());
  }
  ++desk_.counters.received;
  wire::Publication& publication = message.publication;
  PublicationView view;
  view.topic = publication.topic;
  view.payload = publication.payload;
  view.large = &publication.payload;
  view.properties = publication.properties;
  view.publisher = publication.publisher;
  view.qos = static_cast<mqtt::Qos>(std::min<uint8_t>(publication.qos, 2));
  view.retain = publication.retain;
  view.expiry_s = publication.expiry_s;
  view.door = publication.durability;
  view.share = message.share;
  view.way = message.way;
  if (view.way != wire::ShareWay::none) {
    const bool others = view.way == wire::ShareWay::others;
    const bool acknowledged = view.qos != mqtt::Qos::at_most_once;
    const ShardIndex shard =
        others ? ShardIndex{0} : routes_.groups().pick(message.share, acknowledged);
    desk_.mail.publications(shard).append(view);
    return;
  }
  for (uint64_t bits = routes_.shards_for(publication.topic); bits != 0; bits &= bits - 1) {
    desk_.mail.publications(static_cast<ShardIndex>(std::countr_zero(bits))).append(view);
  }
}

void NodePublications::from_peer(const wire::PublishRun& message) {
  const auto read = mqtt::read_plain_run(message.packets, mqtt::version_of(message.v5));
  if (!read) {
    ++desk_.counters.unexpected;
    return;
  }
  desk_.counters.received += read->count;
  PublicationRun run{*read};
  run.publisher = message.publisher;
  for (uint64_t bits = routes_.shards_for(run.topic); bits != 0; bits &= bits - 1) {
    desk_.mail.publications(static_cast<ShardIndex>(std::countr_zero(bits))).append(run);
  }
}

void NodePublications::route_again(ShardIndex shard, const wire::Publish& message) {
  const wire::Publication& publication = message.publication;
  PublicationView view;
  view.topic = publication.topic;
  view.payload = publication.payload;
  view.properties = publication.properties;
  view.publisher = publication.publisher;
  view.qos = static_cast<mqtt::Qos>(publication.qos);
  view.retain = publication.retain;
  view.expiry_s = publication.expiry_s;
  view.door = publication.durability;
  view.share = message.share;
  view.way = message.way;
  desk_.mail.publications(shard).append(view);
}

}  // namespace muster::broker
