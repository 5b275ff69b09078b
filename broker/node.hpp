#pragma once
// The broker's Node: the mind on its gateway thread that speaks with the other servers for all
// shards. It announces the shards' routes, carries publications to other brokers and to global and
// reports when they were taken, keeps the lease, passes sessions' affairs between shards and
// global, asks the query servers, and holds the presence watches. One per broker; driven by
// core/host's gateway or the simulator. Small machines behind it, one file each (node_*.cpp).

#include <memory>
#include <utility>
#include <vector>

#include "broker/letters.hpp"
#include "broker/node_counters.hpp"
#include "broker/options.hpp"
#include "core/wire/node.hpp"

namespace muster::broker {

class Node final : public wire::NodeMind {
 public:
  Node(Options options, wire::NodeInfo self);
  ~Node() override;

  void start(Now now) override;
  void receive(Now now, wire::InFrame frame) override;
  void tick(Now now) override;
  Instant next_wake() const override;
  void finish_turn(Now now) override;
  wire::Effects take_effects() override;
  void stop(Now now) override;
  bool stopped() const override;

  // A parcel from one of the shards.
  void open(Now now, Parcel parcel);
  // What the shards get, at most one parcel each; after finish_turn().
  std::vector<std::pair<ShardIndex, Parcel>> take_parcels();

  // Global is up and has this broker's claims: presence is known. Hosts wait for it before `ready`.
  bool serving() const;

  // $SYS shows how much memory the process has in use, as its host says: asked for before a tick.
  bool wants_heap(Instant now) const;
  void heap(uint64_t bytes);

  const NodeCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::broker
