#pragma once
// The routes of this broker: which filters its shards want. Announced to every broker peer on the
// stream that carries the messages, a turn's changes together, 4,096 in one message; a fresh stream
// begins with all of them. Tells each shard up to which of its numbers every connected broker knows
// its routes.
//
// A peer that is down or does not keep pace gets what changed meanwhile once it does, or before the
// next message for it, as one delta, or as a snapshot if that is shorter. Global gets none: it is
// told by sessions. Owned by the Node, on its thread.

#include <array>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/node_groups.hpp"
#include "broker/node_peers.hpp"
#include "core/mqtt/number_set.hpp"
#include "core/mqtt/topic_tree.hpp"

namespace muster::broker {

class NodeRoutes {
 public:
  NodeRoutes(NodeDesk& desk, NodePeers& peers);

  void changed(Instant now, ShardIndex shard, RouteChange letter);
  uint64_t shards_for(BytesView topic) const;  // bits; false positives are harmless
  NodeGroups& groups() { return groups_; }

  void flush(Instant now);              // announces what has changed so far
  void flush_to(const NodePeer& peer);  // what it missed, before a message to it

  void opened(const NodePeer& peer);  // snapshot: the first of its stream
  void up_again(const NodePeer& peer) { flush_to(peer); }
  void acknowledged(const NodePeer& peer);  // it may keep pace again
  void taken(const NodePeer& peer, uint64_t number);

  void tick(Instant now) { release(now); }
  Instant next_wake() const;
  void finish_turn(Instant now);  // flushes, and tells the shards what is bound

 private:
  struct Peer {
    uint64_t taken = 0;            // number that its shards know
    std::set<std::string> missed;  // filters whose change was not streamed to it
    std::set<std::string> missed_groups;
    bool missed_any() const { return !missed.empty() || !missed_groups.empty(); }
  };
  struct Waiting {  // a shard's number is bound when `number` is taken everywhere
    ShardIndex shard{};
    uint64_t shard_number = 0;
    uint64_t number = 0;
    Instant deadline{};
  };

  void set(std::string filter, uint8_t shard, bool wanted);
  std::vector<std::string> take_changed();
  wire::Routes changes(std::vector<std::string> filters, const std::set<std::string>& groups) const;
  bool keeps_pace(const NodePeer& peer) const;
  wire::Routes snapshot() const;
  void release(Instant now);
  uint64_t behind(uint64_t number);  // how many connected brokers have not taken it

  NodeDesk& desk_;
  NodePeers& peers_;
  mqtt::TopicTree<uint8_t, std::identity, mqtt::NumberSet<1>> tree_;  // filter -> shards
  size_t filters_ = 0;                                                // in it
  NodeGroups groups_;
  std::vector<std::string> changed_;  // filters, perhaps more than once; not announced yet
  std::array<Peer, peer_limit> by_bit_;
  uint64_t number_ = 0;          // of the newest announcement
  std::deque<Waiting> waiting_;  // numbers and deadlines rise
  size_t unnumbered_ = 0;        // at the end of waiting_: wait for what flush() announces
  std::vector<uint64_t> bound_;  // by shard, this turn
};

}  // namespace muster::broker
