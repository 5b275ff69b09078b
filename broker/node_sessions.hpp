#pragma once
// Sessions' affairs between the shards and global: passes messages on in both directions, and after
// every hello of global lists all live connections (ClaimsBegin, claims, ClaimsEnd). A claim is
// only streamed while global is up and keeps pace; otherwise the next list brings it. Until global
// was there for the first time only users' attributes are kept. Owned by the Node, on its thread.

#include <vector>

#include "broker/node_peers.hpp"
#include "broker/node_streams.hpp"

namespace muster::broker {

class NodeSessions {
 public:
  NodeSessions(NodeDesk& desk, NodePeers& peers, NodeStreams& streams);

  void for_global(Instant now, ShardIndex shard, ForGlobal letter);
  void from_global(
      wire::Message message);  // Grant, Refused, Evict, SubscribeDone, Deliver, InboxReleased

  void global_up(const NodePeer& global);  // begins a list
  void global_down();  // gives up a list that is being made: it would lack what comes now
  void claims_listed(ShardIndex shard, const ClaimsListed& letter);
  bool acknowledged(const NodePeer& global, uint64_t number);  // the list of claims, all of it
  void renewed() { end_number_ = 0; }

  bool listed() const { return listed_; }  // global has had all claims once

 private:
  void claim(const NodePeer& global, const wire::Message& message);

  NodeDesk& desk_;
  NodePeers& peers_;
  NodeStreams& streams_;
  uint64_t round_ = 0;
  std::vector<bool> waiting_;  // by shard: has not listed its claims in this round
  size_t waiting_count_ = 0;
  uint64_t end_number_ = 0;  // of ClaimsEnd in the stream
  bool listed_ = false;
  bool list_again_ = false;  // a claim was left out
};

}  // namespace muster::broker
