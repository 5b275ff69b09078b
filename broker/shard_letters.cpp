// Parcels: what neighbours and the Node say, opened in order, letters before publications.

#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

void Shard::State::open(Parcel&& parcel) {
  for (Letter& letter : parcel.letters) {
    std::visit(Overloaded{
                   [&](const RouteChange& it) { route_change(parcel.from, it); },
                   [&](const RoutesSeen& it) {
                     note_owns(parcel.from, it.owns);
                     binding.seen_by_shard(static_cast<uint16_t>(parcel.from), it.number);
                     routes_moved();
                   },
                   [&](const RoutesBound& it) {
                     binding.bound_at_peers(it.number);
                     routes_moved();
                   },
                   [&](const PeerRoutes& it) { peer_routes(it); },
                   [&](const PeerLost& it) {
                     routes.drop_peer(it.peer);
                     groups.drop(peer_target(it.peer));
                     cache.all_changed();
                     groups_resettled();
                     to_node.letters.emplace_back(PeerRoutesSeen{it.peer, it.number});
                   },
                   [&](const Taken& it) { taken(it); },
                   [&](FromGlobal& it) { from_global(it.message); },
                   [&](const ListClaims& it) { list_claims(it.round); },
                   [&](const Lease& it) { lease_renewed(it.until); },
                   [&](const GlobalKnown& it) { global_known = it.known; },
                   [&](const QueryAnswered& it) { query_answered(it); },
                   [&](const PresenceRows& it) { presence_rows(it); },
                   [&](const Count& it) { count_for_sys(it.round); },
                   [&](const SysValues& it) { sys_news(it); },
                   [&](const RetainedOwn& it) { retained_own(parcel.from, it); },
                   [&](const RetainedPart& it) { retained_part(it); },
                   [&](const RetainedEchoed& it) { retaining.table.echoed(it.counters); },
                   [&](const RetainedReady& it) { retained_ready(it.number); },
                   [&](const RetainedAsk& it) { retained_ask(parcel.from, it); },
                   [&](const RetainedPage& it) { retained_page(it); },
                   [](const auto&) { MUSTER_CHECK(!"a letter that is for the Node"); },
               },
               letter);
  }
  deliver_parcel(parcel);
}

void Shard::State::from_global(wire::Message& message) {
  std::visit(Overloaded{
                 [&](const wire::GrantPage& it) { granted_page(it); },
                 [&](const wire::Grant& it) { granted(it); },
                 [&](const wire::Refused& it) { refused(it); },
                 [&](const wire::Evict& it) { evict(it); },
                 [&](const wire::SubscribeDone& it) { subscribe_done(it); },
                 [&](wire::Deliver& it) { inbox_deliver(std::move(it)); },
                 [&](const wire::DeliverRun& it) { inbox_deliver(it); },
                 [&](const wire::InboxReleased& it) { inbox_released(it); },
                 [](const auto&) { MUSTER_CHECK(!"a message that is not for a shard"); },
             },
             message);
}

void Shard::State::route_change(ShardIndex from, const RouteChange& letter) {
  auto shard = static_cast<uint16_t>(from);
  for (const std::string& filter : letter.removed) {
    routes.remove_shard(filter, shard);
    cache.filter_changed(filter);
  }
  for (const std::string& filter : letter.added) {
    routes.add_shard(filter, shard);
    cache.filter_changed(filter);
  }
  group_routes(static_cast<GroupTarget>(shard), letter.groups);
  to_shards[shard].letters.emplace_back(RoutesSeen{letter.number, retaining.sent});
}

void Shard::State::peer_routes(const PeerRoutes& letter) {
  if (letter.snapshot) {
    routes.drop_peer(letter.peer);
    groups.drop(peer_target(letter.peer));
    cache.all_changed();
  }
  for (const std::string& filter : letter.removed) {
    routes.remove_peer(filter, letter.peer);
    cache.filter_changed(filter);
  }
  for (const std::string& filter : letter.added) {
    routes.add_peer(filter, letter.peer);
    cache.filter_changed(filter);
  }
  group_routes(peer_target(letter.peer), letter.groups);
  to_node.letters.emplace_back(PeerRoutesSeen{letter.peer, letter.number});
}

// This turn's change of what this shard wants, to everybody; before anything that depends on it.
void Shard::State::post_route_change() {
  if (!interests.changed(binding.bound()) && !groups.changed()) return;
  RouteChange change = interests.take_change(binding.bound());
  change.groups = groups.take_changes();
  for (size_t i = 0; i < to_shards.size(); ++i) {
    if (i == static_cast<size_t>(self)) continue;
    to_shards[i].letters.emplace_back(change);
  }
  to_node.letters.emplace_back(std::move(change));
}

void Shard::State::for_global(wire::Message message) {
  to_node.letters.emplace_back(ForGlobal{std::move(message)});
}

// The claim or the end of a connection. Only for a persistent one does anybody wait.
void Shard::State::tell_presence(const Client& client, wire::Message message) {
  for_global(std::move(message));
  if (!client.persistent) ++unhurried;
}

bool Shard::State::holds_presence() const {
  const bool nothing_else = to_node.publications.empty() && to_node.letters.size() == unhurried;
  return nothing_else && now.mono < presence_due;
}

}  // namespace muster::broker
