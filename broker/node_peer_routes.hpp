#pragma once
// The routes of the other nodes, on their way to all own shards, and the shards' answers on their
// way back: once all have seen a Routes message the peer is told so (RoutesTaken, cumulative). Also
// says when all shards know that a peer is lost, so that its bit may be used again, and when
// global's first routes are known. Owned by the Node, on its thread.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "broker/node_peers.hpp"

namespace muster::broker {

class NodePeerRoutes {
 public:
  NodePeerRoutes(NodeDesk& desk, NodePeers& peers);

  void received(const NodePeer& peer, wire::Routes routes);
  void lost(PeerIndex index);
  void seen(ShardIndex shard, const PeerRoutesSeen& letter);
  // The stream that brought them is over: what is not answered yet never will be.
  void forget_answers(PeerIndex index);

  bool settled(PeerIndex index) const { return by_bit_[index].waiting.empty(); }
  bool global_known() const { return global_known_; }
  void finish_turn(uint64_t retained);  // RoutesTaken, with our newest retained publication

 private:
  struct Waiting {
    uint64_t number = 0;  // of our letter
    uint64_t wire_number = 0;
    bool snapshot = false;
    Incarnation incarnation{};  // who announced it; none: nobody to answer
  };
  struct Peer {
    uint64_t number = 0;  // of the newest letter
    std::deque<Waiting> waiting;
    std::vector<uint64_t> seen;     // by shard
    std::optional<uint64_t> taken;  // to be told at the end of the turn
  };
  void settle(PeerIndex index);

  NodeDesk& desk_;
  NodePeers& peers_;
  std::array<Peer, peer_limit> by_bit_;
  bool global_known_ = false;
};

}  // namespace muster::broker
