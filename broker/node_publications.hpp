#pragma once
// Publications between this broker's shards and the other nodes. Out: each to the peers whose bits
// its shard has set. QoS 0 needs a peer that is up and has credit, else it is dropped and counted,
// and goes to global only if it is retained; QoS > 0 stays until the peer has taken it
// (node_streams). In: to those of our shards whose routes match; they match again. Owned by the
// Node, on its thread.

#include <set>

#include "broker/durability.hpp"
#include "broker/node_retained.hpp"
#include "broker/node_routes.hpp"
#include "broker/node_streams.hpp"

namespace muster::broker {

class NodePublications {
 public:
  NodePublications(NodeDesk& desk, NodePeers& peers, NodeRoutes& routes, NodeStreams& streams,
                   NodeRetained& retained)
      : desk_(desk),
        peers_(peers),
        routes_(routes),
        streams_(streams),
        retained_(retained),
        durability_(desk.options.durable_topics) {}

  void from_shard(Now now, ShardIndex shard, Publications publications);
  void from_peer(wire::Publish message);
  void from_peer(const wire::PublishRun& message);
  // For a group: its owner has gone. To the shard that chose it.
  void route_again(ShardIndex shard, const wire::Publish& message);

 private:
  // What goes to a peer, of how many publications with which QoS.
  struct Outward {
    wire::Message message;
    mqtt::Qos qos;
    uint32_t count;
  };

  void forward(Now now, ShardIndex shard, const PublicationView& view,
               const std::shared_ptr<const Publications>& held);
  void forward(Now now, ShardIndex shard, const PublicationRun& run);
  uint64_t retained_counter(ShardIndex shard, const PublicationView& view);
  void to_peer(Now now, PeerIndex index, const Outward& outward, Receipt receipt);

  NodeDesk& desk_;
  NodePeers& peers_;
  NodeRoutes& routes_;
  NodeStreams& streams_;
  NodeRetained& retained_;
  DurabilityRules durability_;
  std::set<uint64_t> wills_;  // the newest that were delivered: global may send one again
};

}  // namespace muster::broker
