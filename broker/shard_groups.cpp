// Shared subscriptions (4.8.2): a publication goes to one owner of each group that matches, the
// owner chooses the member.

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"
#include "broker/virtual_topics.hpp"
#include "core/mqtt/share.hpp"

namespace muster::broker {

using mqtt::Qos;
using mqtt::Reason;
using wire::ShareWay;

namespace {

bool is_named(BytesView names, BytesView name) {
  while (!names.empty()) {
    const size_t end = std::min(names.find('\0'), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

// That take what is to be acknowledged.
bool has_members(const Group& group, GroupTarget target) {
  return std::any_of(group.owners.begin(), group.owners.end(), [&](const GroupOwner& owner) {
    return owner.target == target && owner.members + owner.away > 0;
  });
}

}  // namespace

// ---- members -----------------------------------------------------------------------------------

// "$user/me/..." of a shared subscription is one's own, too.
std::string Shard::State::own_filter(BytesView filter, const Client& client) {
  if (!mqtt::is_shared(filter)) return own_topic(filter, client.user());
  const BytesView topics = mqtt::shared_filter(filter);
  return std::string(filter.substr(0, filter.size() - topics.size())) +
         own_topic(topics, client.user());
}

// Presence topics are made for each subscriber and $SYS by each broker: there is nothing to share.
Reason Shard::State::may_share(const Client& client, const Subscribed& subscription) {
  const BytesView topics = mqtt::shared_filter(subscription.filter);
  if (presence_filter(topics, client.user()) || topics.starts_with("$SYS")) {
    return Reason::shared_subscriptions_not_supported;
  }
  const bool full = groups.own_groups() >= options.groups_max / options.shards;
  return full && groups.find(subscription.filter) == nullptr ? Reason::quota_exceeded
                                                             : Reason::success;
}

// Returns the route number after which it is bound.
uint64_t Shard::State::join_group(const std::string& name, const Subscriber& member, bool& added) {
  added = groups.join(name, member, interests.next_number());
  groups_resettled();
  return groups.find(name)->number;
}

void Shard::State::leave_group(const std::string& name, uint32_t index) {
  groups.leave(name, index);
  groups_resettled();
}

void Shard::State::group_routes(GroupTarget target, const std::vector<wire::GroupRoute>& changed) {
  for (const wire::GroupRoute& route : changed) groups.set(target, route);
  groups_resettled();
}

void Shard::State::groups_resettled() {
  for (const std::string& filter : groups.take_resettled()) cache.filter_changed(filter);
}

// ---- to owners ---------------------------------------------------------------------------------

// Returns how many nodes must say Taken to the next token. `found`: at least one group gets it.
uint32_t Shard::State::publish_to_groups(uint32_t index, const Resolved& resolved,
                                         const mqtt::PublishView& packet, BytesView as_is,
                                         bool& found) {
  const bool acknowledged = packet.qos != Qos::at_most_once;
  const uint64_t token = next_token;
  uint32_t targets = 0;
  Outgoing outgoing;
  outgoing.publication = {packet.topic, packet.payload, packet.properties, {}, packet.qos};
  outgoing.publication.expiry_s = packet.message_expiry;
  outgoing.publication.retain = packet.retain;
  outgoing.publication.door = at(index).door;
  Slice held;
  hold_large(outgoing.publication, held);
  outgoing.from = index;
  outgoing.take_as_is(at(index).version, as_is);
  if (acknowledged && !global_known) {  // it serves all groups that we do not
    const std::string served = groups_served(resolved);
    PublicationView out = outgoing.publication;
    out.share = served;
    out.way = ShareWay::others;
    out.peers = uint64_t{1} << global_peer;
    out.token = token;
    to_node.publications.append(out);
    ++targets;
  }
  for (const uint32_t number : resolved.groups) {
    Group& group = groups.at(number);
    const auto owner = groups.pick_owner(group, acknowledged);
    if (!owner) continue;
    found = true;
    targets += to_owner(group, *owner, outgoing, ShareWay::one, token);
  }
  return targets;
}

uint32_t Shard::State::to_owner(Group& group, GroupTarget owner, Outgoing& outgoing, ShareWay way,
                                uint64_t token) {
  if (owner == static_cast<GroupTarget>(self)) {
    to_member(group, outgoing);
    return 0;
  }
  PublicationView out = outgoing.publication;
  out.share = group.name;
  out.way = way;
  if (owner < peer_target(0)) {
    to_shards[owner].publications.append(out);
    return 0;
  }
  const bool acknowledged = out.qos != Qos::at_most_once;
  out.peers = uint64_t{1} << (owner - peer_target(0));
  out.token = acknowledged ? token : 0;
  to_node.publications.append(out);
  return acknowledged ? 1 : 0;
}

// To whoever of the group there is, in no client's name: nobody waits for it.
void Shard::State::route_share(Group* group, const PublicationView& publication, ShareWay way) {
  const bool acknowledged = publication.qos != Qos::at_most_once;
  const auto owner = group == nullptr ? std::nullopt : groups.pick_owner(*group, acknowledged);
  if (!owner) {
    ++counters.shared_dropped;
    return;
  }
  Outgoing outgoing;
  outgoing.publication = publication;
  to_owner(*group, *owner, outgoing, way, next_token++);
}

// As their owner, or as the one that is to find their owners.
void Shard::State::shared_arrived(const PublicationView& publication) {
  if (publication.way == ShareWay::others) {
    const std::vector<uint32_t> matching =
        cache.find(publication.topic, interests, routes, groups).groups;
    for (const uint32_t number : matching) {
      Group& group = groups.at(number);
      if (!is_named(publication.share, group.name)) {
        route_share(&group, publication, ShareWay::one);
      }
    }
    return;
  }
  Group* group = groups.find(publication.share);
  Outgoing outgoing;
  outgoing.publication = publication;
  if (group != nullptr && to_member(*group, outgoing)) return;
  if (publication.way != ShareWay::passed) {
    return route_share(group, publication, ShareWay::passed);
  }
  // Members of two owners have left at once. Global's may be there still; it passes nothing on.
  const bool acknowledged = publication.qos != Qos::at_most_once;
  if (group == nullptr || !acknowledged || !has_members(*group, peer_target(global_peer))) {
    ++counters.shared_dropped;
    return;
  }
  to_owner(*group, peer_target(global_peer), outgoing, ShareWay::passed, next_token++);
}

// Those that have members at brokers, as far as we know.
std::string Shard::State::groups_served(const Resolved& resolved) {
  std::string names;
  for (const uint32_t number : resolved.groups) {
    const Group& group = groups.at(number);
    const bool served = std::any_of(group.owners.begin(), group.owners.end(),
                                    [](const GroupOwner& owner) { return owner.members > 0; });
    if (!served) continue;
    if (!names.empty()) names += '\0';
    names += group.name;
  }
  return names;
}

// ---- to members --------------------------------------------------------------------------------

bool Shard::State::to_member(Group& group, Outgoing& outgoing) {
  const bool acknowledged = outgoing.publication.qos != Qos::at_most_once;
  const Subscriber* member = Groups::pick_member(
      group, acknowledged, [&](const Subscriber& one) { return load_of(one, acknowledged); });
  if (member == nullptr) return false;
  PublicationView original = outgoing.publication;
  original.share = group.name;
  Target target;
  target.client = member->client;
  target.qos = member->qos;
  target.persistent = member->persistent;
  target.add_identifier(member->identifier);
  if (original.retain && member->retain_as_published) {
    Outgoing as_published{outgoing.publication, outgoing.from, {}, true, &original};
    deliver_to(target, as_published);
    return true;
  }
  outgoing.shared = &original;
  deliver_to(target, outgoing);
  outgoing.shared = nullptr;
  return true;
}

uint64_t Shard::State::load_of(const Subscriber& member, bool acknowledged) {
  constexpr uint64_t stuck = uint64_t{1} << 32;
  const Client& client = at(member.client);
  uint64_t load = client.doomed || client.outbox.size() > options.outbox_limit_bytes ? stuck : 0;
  if (!acknowledged || member.qos == Qos::at_most_once) return load;
  load += client.ids.in_use();
  if (client.waiting) load += client.waiting->items.size();
  return load;
}

}  // namespace muster::broker
