#include "broker/node_peer_routes.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace muster::broker {

NodePeerRoutes::NodePeerRoutes(NodeDesk& desk, NodePeers& peers) : desk_(desk), peers_(peers) {
  for (Peer& peer : by_bit_) peer.seen.resize(desk.options.shards);
}

void NodePeerRoutes::received(const NodePeer& peer, wire::Routes routes) {
  Peer& state = by_bit_[peer.index];
  state.waiting.push_back({++state.number, routes.number, routes.snapshot, peer.incarnation});
  PeerRoutes letter;
  letter.peer = peer.index;
  letter.number = state.number;
  letter.snapshot = routes.snapshot;
  letter.added = std::move(routes.added);
  letter.removed = std::move(routes.removed);
  letter.groups = std::move(routes.groups);
  desk_.mail.post_all(letter);
}

void NodePeerRoutes::lost(PeerIndex index) {
  forget_answers(index);
  Peer& state = by_bit_[index];
  state.waiting.push_back({++state.number, 0, false, Incarnation::none});
  desk_.mail.post_all(PeerLost{index, state.number});
}

void NodePeerRoutes::seen(ShardIndex shard, const PeerRoutesSeen& letter) {
  MUSTER_CHECK(letter.peer < peer_limit);
  Peer& state = by_bit_[letter.peer];
  uint64_t& number = state.seen[static_cast<size_t>(shard)];
  number = std::max(number, letter.number);
  settle(letter.peer);
}

void NodePeerRoutes::settle(PeerIndex index) {
  Peer& state = by_bit_[index];
  const uint64_t all = *std::min_element(state.seen.begin(), state.seen.end());
  while (!state.waiting.empty() && state.waiting.front().number <= all) {
    const Waiting first = state.waiting.front();
    state.waiting.pop_front();
    const NodePeer* peer = peers_.at(index);
    const bool there = peer != nullptr && peer->incarnation == first.incarnation;
    if (!there || first.incarnation == Incarnation::none) continue;
    state.taken = std::max(state.taken.value_or(0), first.wire_number);
    if (index != global_peer || global_known_ || !first.snapshot) continue;
    global_known_ = true;
    desk_.mail.post_all(GlobalKnown{true});
  }
}

void NodePeerRoutes::forget_answers(PeerIndex index) {
  Peer& state = by_bit_[index];
  state.taken.reset();
  for (Waiting& waiting : state.waiting) waiting.incarnation = Incarnation::none;
}

void NodePeerRoutes::finish_turn(uint64_t retained) {
  peers_.each([&](NodePeer& peer) {
    std::optional<uint64_t>& taken = by_bit_[peer.index].taken;
    if (!taken || !peer.open) return;
    desk_.links.stream(peer.name, wire::RoutesTaken{*taken, retained});
    taken.reset();
  });
}

}  // namespace muster::broker
