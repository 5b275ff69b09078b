#pragma once
// $SYS/broker/...: this broker's own numbers, under the names that Mosquitto gives them. Each
// sys_interval the shards are asked for their counters; once all have answered, the values go back
// to all of them as one table. Owned by the Node, on its thread.
//
// Sessions of devices that are away live at global and belong to no broker: `disconnected` is 0.

#include <optional>
#include <string>
#include <vector>

#include "broker/load_average.hpp"
#include "broker/node_desk.hpp"

namespace muster::broker {

class NodeSys {
 public:
  explicit NodeSys(NodeDesk& desk) : desk_(desk), shards_(desk.options.shards) {}

  void start(Instant now);
  void tick(Instant now);
  Instant next_wake() const { return next_; }
  void counted(Instant now, ShardIndex shard, const Counted& letter);
  void heap(uint64_t bytes);

 private:
  enum Load {
    messages_received,
    messages_sent,
    publish_received,
    publish_sent,
    publish_dropped,
    bytes_received,
    bytes_sent,
    sockets,
    connections,
    loads
  };
  void publish(Instant now);
  void look(Duration passed, const ShardCounters& sum);
  std::vector<SysValue> values(Instant now, const ShardCounters& sum) const;

  NodeDesk& desk_;
  Instant began_{};
  Instant next_ = never;
  Instant looked_{};
  uint64_t round_ = 0;
  std::vector<ShardCounters> shards_;
  uint32_t owed_ = 0;  // shards that have not answered this round
  std::optional<uint64_t> heap_;
  uint64_t heap_maximum_ = 0;
  uint64_t clients_maximum_ = 0;
  std::array<LoadAverage, loads> loads_;
  SysTable table_;
};

}  // namespace muster::broker
