#pragma once
// A broker: its shards and its Node, each a thread of its own, and the letters between them (never
// lost, in order for each pair, gone when the process dies). Owned by the World.

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "broker/node.hpp"
#include "tests/sim/process.hpp"
#include "tests/sim/shard_host.hpp"

namespace muster::sim {

class BrokerProcess final : public Process {
 public:
  BrokerProcess(Context& context, Network& network, const wire::NodeInfo& info,
                int64_t wall_error_ms, const broker::Options& options);
  ~BrokerProcess() override;

  // A client dials: any shard accepts.
  void accept(std::shared_ptr<Socket> socket);

  void freeze(Instant until) override;
  void stop() override;
  bool stopped() const override;

  // ---- from the shards
  void post(ShardIndex from, ShardIndex to, broker::Parcel parcel);
  void post_to_node(ShardIndex from, broker::Parcel parcel);
  void move(ShardIndex from, broker::Move move, std::shared_ptr<Socket> socket);
  void outbox_seen(size_t bytes) { largest_outbox_ = std::max(largest_outbox_, bytes); }

  const broker::Node& node() const { return node_; }
  const std::vector<std::unique_ptr<ShardHost>>& shards() const { return shards_; }
  size_t largest_outbox() const { return largest_outbox_; }

 private:
  static constexpr int node_thread = -1;

  // When what `from` hands to `to` now is seen there.
  Instant lane(int from, int to);
  void open_parcels(Now now);
  void take_parcels(Now now);

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<std::pair<int, int>, Instant> lanes_;
  std::vector<std::unique_ptr<ShardHost>> shards_;
  broker::Node node_;
  std::vector<broker::Parcel> for_node_;
  MindLoop node_loop_;
  size_t largest_outbox_ = 0;
};

}  // namespace muster::sim
