#pragma once
// The route table of one shard: which *other* shards and which other nodes want a topic. The same
// in all shards. False positives are harmless: the owner matches again (design.md section 4).

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/mqtt/number_set.hpp"
#include "core/mqtt/topic_tree.hpp"

namespace muster::broker {

struct RouteSet {
  uint64_t shards = 0;  // bit: shard index
  uint64_t peers = 0;   // bit: PeerIndex
};

class Routes {
 public:
  void add_shard(BytesView filter, uint16_t shard) { tree_.add(filter, Target(shard)); }
  void remove_shard(BytesView filter, uint16_t shard) { tree_.remove(filter, Target(shard)); }
  void add_peer(BytesView filter, uint8_t peer) { tree_.add(filter, peer_target(peer)); }
  void remove_peer(BytesView filter, uint8_t peer) { tree_.remove(filter, peer_target(peer)); }
  void drop_peer(uint8_t peer);  // all of its routes

  RouteSet match(BytesView topic) const;

 private:
  // 0..63: a shard; 64..127: a peer.
  using Target = uint8_t;
  static Target peer_target(uint8_t peer) { return static_cast<Target>(64 + peer); }
  mqtt::TopicTree<Target, std::identity, mqtt::NumberSet<2>> tree_;
};

}  // namespace muster::broker
