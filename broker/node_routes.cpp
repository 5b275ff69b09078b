#include "broker/node_routes.hpp"

#include <algorithm>
#include <bit>

#include "core/base/check.hpp"

namespace muster::broker {

NodeRoutes::NodeRoutes(NodeDesk& desk, NodePeers& peers)
    : desk_(desk), peers_(peers), groups_(desk.options.shards), bound_(desk.options.shards) {}

void NodeRoutes::changed(Instant now, ShardIndex shard, const RouteChange& letter) {
  MUSTER_CHECK(static_cast<size_t>(shard) < bound_.size());
  const auto bit = static_cast<uint8_t>(shard);
  for (const std::string& filter : letter.removed) set(filter, bit, false);
  for (const std::string& filter : letter.added) set(filter, bit, true);
  for (const wire::GroupRoute& group : letter.groups) groups_.changed(shard, group);
  waiting_.push_back({shard, letter.number, 0, now + desk_.options.route_wait});
  ++unnumbered_;
}

void NodeRoutes::set(const std::string& filter, uint8_t shard, bool wanted) {
  const bool before = tree_.find(filter) != nullptr;
  if (wanted) {
    tree_.add(filter, shard);
  } else {
    tree_.remove(filter, shard);
  }
  const bool after = tree_.find(filter) != nullptr;
  if (before == after) return;
  changed_[filter] = after;
  filters_ += after ? 1 : -size_t{1};
}

uint64_t NodeRoutes::shards_for(BytesView topic) const {
  uint64_t bits = 0;
  tree_.match(topic, [&](uint8_t shard) { bits |= uint64_t{1} << shard; });
  return bits;
}

void NodeRoutes::flush(Instant now) {
  if (!changed_.empty() || groups_.has_changed()) {
    wire::Routes delta;
    delta.number = ++number_;
    for (const auto& [filter, wanted] : changed_) {
      (wanted ? delta.added : delta.removed).push_back(filter);
    }
    const std::set<std::string> groups = groups_.take_changed();
    delta.groups = groups_.totals(groups);
    desk_.counters.routes_announced += changed_.size() + groups.size();
    const wire::Message message = delta;
    peers_.each([&](NodePeer& peer) {
      if (peer.index == global_peer || !peer.open) return;
      if (peer.up && keeps_pace(peer)) {
        desk_.links.stream(peer.name, message);
      } else {
        Peer& state = by_bit_[peer.index];
        for (const auto& [filter, wanted] : changed_) state.missed[filter] = wanted;
        state.missed_groups.insert(groups.begin(), groups.end());
      }
    });
    changed_.clear();
  }
  for (; unnumbered_ > 0; --unnumbered_) waiting_[waiting_.size() - unnumbered_].number = number_;
  release(now);
}

bool NodeRoutes::keeps_pace(const NodePeer& peer) const {
  return desk_.links.waiting_bytes(peer.name) < desk_.options.link.window_bytes;
}

void NodeRoutes::acknowledged(const NodePeer& peer) {
  if (by_bit_[peer.index].missed_any() && peer.up && keeps_pace(peer)) flush_to(peer);
}

void NodeRoutes::flush_to(const NodePeer& peer) {
  Peer& state = by_bit_[peer.index];
  if (peer.index == global_peer || !peer.open || !state.missed_any()) return;
  wire::Routes routes;
  if (state.missed.size() + state.missed_groups.size() > filters_ + groups_.size()) {
    routes = snapshot();
  } else {
    routes.number = number_;
    for (const auto& [filter, wanted] : state.missed) {
      (wanted ? routes.added : routes.removed).push_back(filter);
    }
    routes.groups = groups_.totals(state.missed_groups);
  }
  state.missed.clear();
  state.missed_groups.clear();
  desk_.links.stream(peer.name, routes);
}

wire::Routes NodeRoutes::snapshot() const {
  wire::Routes routes;
  routes.number = number_;
  routes.snapshot = true;
  routes.added.reserve(filters_);
  tree_.for_each([&](BytesView filter, uint8_t) {  // once for each shard
    if (routes.added.empty() || routes.added.back() != filter) routes.added.emplace_back(filter);
  });
  std::sort(routes.added.begin(), routes.added.end());
  routes.groups = groups_.all();
  return routes;
}

void NodeRoutes::opened(const NodePeer& peer) {
  if (peer.index == global_peer) return;
  Peer& state = by_bit_[peer.index];
  state.taken = 0;
  state.missed.clear();
  state.missed_groups.clear();
  ++desk_.counters.route_snapshots;
  desk_.links.stream(peer.name, snapshot());
}

void NodeRoutes::taken(const NodePeer& peer, uint64_t number) {
  Peer& state = by_bit_[peer.index];
  state.taken = std::max(state.taken, number);
}

uint64_t NodeRoutes::behind(uint64_t number) {
  uint64_t count = 0;
  peers_.each([&](NodePeer& peer) {
    if (peer.index == global_peer || !peer.up || !peer.open) return;
    if (by_bit_[peer.index].taken < number) ++count;
  });
  return count;
}

void NodeRoutes::release(Instant now) {
  while (waiting_.size() > unnumbered_) {
    const Waiting& first = waiting_.front();
    const uint64_t late = behind(first.number);
    if (late > 0 && first.deadline > now) return;
    desk_.counters.routes_passed_over += late;
    uint64_t& bound = bound_[static_cast<size_t>(first.shard)];
    bound = std::max(bound, first.shard_number);
    waiting_.pop_front();
  }
}

Instant NodeRoutes::next_wake() const {
  return waiting_.empty() ? never : waiting_.front().deadline;
}

void NodeRoutes::finish_turn(Instant now) {
  flush(now);
  for (size_t shard = 0; shard < bound_.size(); ++shard) {
    if (bound_[shard] == 0) continue;
    desk_.mail.post(static_cast<ShardIndex>(shard), RoutesBound{bound_[shard]});
    bound_[shard] = 0;
  }
}

}  // namespace muster::broker
