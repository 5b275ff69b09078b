#pragma once
// The parcels that a Node is packing for its shards: one each and turn. Bounded by what one turn
// brings. Owned by the Node, on its thread.

#include <utility>
#include <vector>

#include "broker/letters.hpp"

namespace muster::broker {

class NodeMail {
 public:
  explicit NodeMail(uint16_t shards) : parcels_(shards) {}

  uint16_t shards() const { return static_cast<uint16_t>(parcels_.size()); }
  void post(ShardIndex shard, Letter letter);
  void post_all(const Letter& letter);
  Publications& publications(ShardIndex shard);
  std::vector<std::pair<ShardIndex, Parcel>> take();

 private:
  Parcel& parcel(ShardIndex shard);
  std::vector<Parcel> parcels_;  // by shard
};

}  // namespace muster::broker
