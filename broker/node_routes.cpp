#include "broker/node_routes.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "core/base/check.hpp"

namespace muster::broker {

NodeRoutes::NodeRoutes(NodeDesk& desk, NodePeers& peers)
    : desk_(desk), peers_(peers), groups_(desk.options.shards), bound_(desk.options.shards) {}

void NodeRoutes::changed(Instant now, ShardIndex shard, RouteChange letter) {
  MUSTER_CHECK(static_cast<size_t>(shard) < bound_.size());
  const auto bit = static_cast<uint8_t>(shard);
  for (std::string& filter : letter.removed) set(std::move(filter), bit, false);
  for (std::string& filter : letter.added) set(std::move(filter), bit, true);
  for (const wire::GroupRoute& group : letter.groups) groups_.changed(shard, group);
  waiting_.push_back({shard, letter.number, 0, now + desk_.options.route_wait});
  ++unnumbered_;
}

void NodeRoutes::set(std::string filter, uint8_t shard, bool wanted) {
  const bool before = tree_.find(filter) != nullptr;
  if (wanted) {
    tree_.add(filter, shard);
  } else {
    tree_.remove(filter, shard);
  }
  const bool after = tree_.find(filter) != nullptr;
  if (before == after) return;
  changed_.push_back(std::move(filter));
  filters_ += after ? 1 : -size_t{1};
}

uint64_t NodeRoutes::shards_for(BytesView topic) const {
  uint64_t bits = 0;
  tree_.match(topic, [&](uint8_t shard) { bits |= uint64_t{1} << shard; });
  return bits;
}

void NodeRoutes::flush(Instant now) {
  while (!changed_.empty() || groups_.has_changed()) {
    ++number_;
    const std::set<std::string> groups = groups_.take_changed();
    const wire::Message message = changes(take_changed(), groups);
    const auto& routes = std::get<wire::Routes>(message);
    desk_.counters.routes_announced += routes.added.size() + routes.removed.size() + groups.size();
    peers_.each([&](NodePeer& peer) {
      if (peer.index == global_peer || !peer.open) return;
      if (peer.up && keeps_pace(peer)) {
        desk_.links.stream(peer.name, message);
      } else {
        Peer& state = by_bit_[peer.index];
        state.missed.insert(routes.added.begin(), routes.added.end());
        state.missed.insert(routes.removed.begin(), routes.removed.end());
        state.missed_groups.insert(groups.begin(), groups.end());
      }
    });
  }
  for (; unnumbered_ > 0; --unnumbered_) waiting_[waiting_.size() - unnumbered_].number = number_;
  release(now);
}

// As many as go into one message.
std::vector<std::string> NodeRoutes::take_changed() {
  constexpr ptrdiff_t at_once = 4096;
  const auto begin = changed_.end() - std::min(std::ssize(changed_), at_once);
  std::vector<std::string> taken;
  std::move(begin, changed_.end(), std::back_inserter(taken));
  changed_.erase(begin, changed_.end());
  if (changed_.empty()) changed_.shrink_to_fit();
  return taken;
}

// What these filters and groups are now.
wire::Routes NodeRoutes::changes(std::vector<std::string> filters,
                                 const std::set<std::string>& groups) const {
  std::sort(filters.begin(), filters.end());
  filters.erase(std::unique(filters.begin(), filters.end()), filters.end());
  wire::Routes routes;
  routes.number = number_;
  const auto wanted = std::stable_partition(
      filters.begin(), filters.end(),
      [&](const std::string& filter) { return tree_.find(filter) == nullptr; });
  routes.added.assign(std::move_iterator(wanted), std::move_iterator(filters.end()));
  filters.erase(wanted, filters.end());
  routes.removed = std::move(filters);
  routes.groups = groups_.totals(groups);
  return routes;
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
    routes = changes({state.missed.begin(), state.missed.end()}, state.missed_groups);
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
