#include "tests/sim/broker_process.hpp"

namespace muster::sim {

BrokerProcess::BrokerProcess(Context& context, Network& network, const wire::NodeInfo& info,
                             int64_t wall_error_ms, const broker::Options& options)
    : Process(context, network, info, wall_error_ms),
      node_(options, info),
      node_loop_(
          context, network, info_, clock_, node_, [this](Now now) { open_parcels(now); },
          [this](Now now) { take_parcels(now); }) {
  for (uint16_t i = 0; i < options.shards; ++i) {
    shards_.push_back(std::make_unique<ShardHost>(context, *this, clock_, ShardIndex{i}, options,
                                                  info.incarnation));
  }
}

BrokerProcess::~BrokerProcess() {
  *alive_ = false;
}

void BrokerProcess::accept(std::shared_ptr<Socket> socket) {
  shards_[context_.random.below(shards_.size())]->accept(std::move(socket));
}

void BrokerProcess::freeze(Instant until) {
  node_loop_.freeze(until);
  for (const auto& shard : shards_) shard->freeze(until);
}

void BrokerProcess::stop() {
  for (const auto& shard : shards_) shard->stop();
  node_loop_.stop();
}

bool BrokerProcess::stopped() const {
  return node_loop_.stopped();
}

Instant BrokerProcess::lane(int from, int to) {
  Instant& last = lanes_[{from, to}];
  last = std::max(last,
                  context_.now() + context_.random.between(Duration(1), context_.knobs.parcel_max));
  return last;
}

void BrokerProcess::post(ShardIndex from, ShardIndex to, broker::Parcel parcel) {
  const auto target = static_cast<size_t>(to);
  context_.schedule.at(lane(static_cast<int>(from), static_cast<int>(to)),
                       [this, alive = alive_, target, parcel = std::move(parcel)]() mutable {
                         if (*alive) shards_[target]->letters(std::move(parcel));
                       });
}

void BrokerProcess::post_to_node(ShardIndex from, broker::Parcel parcel) {
  context_.schedule.at(lane(static_cast<int>(from), node_thread),
                       [this, alive = alive_, parcel = std::move(parcel)]() mutable {
                         if (!*alive) return;
                         for_node_.push_back(std::move(parcel));
                         node_loop_.poke();
                       });
}

void BrokerProcess::move(ShardIndex from, broker::Move move, std::shared_ptr<Socket> socket) {
  const auto target = static_cast<size_t>(move.to);
  socket->set_moving(shards_[target].get());
  context_.schedule.at(
      lane(static_cast<int>(from), static_cast<int>(target)),
      [this, alive = alive_, target, move = std::move(move), socket = std::move(socket)]() mutable {
        if (*alive) return shards_[target]->adopt(std::move(move), socket);
        socket->broker_died();
      });
}

void BrokerProcess::open_parcels(Now now) {
  for (broker::Parcel& parcel : std::exchange(for_node_, {})) node_.open(now, std::move(parcel));
}

void BrokerProcess::take_parcels(Now) {
  for (auto& [to, parcel] : node_.take_parcels()) {
    const auto target = static_cast<size_t>(to);
    context_.schedule.at(lane(node_thread, static_cast<int>(to)),
                         [this, alive = alive_, target, parcel = std::move(parcel)]() mutable {
                           if (*alive) shards_[target]->letters(std::move(parcel));
                         });
  }
}

}  // namespace muster::sim
