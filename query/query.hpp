#pragma once
// A query server: replicas of the rows, by slot, in memory; answers tasks and serves watches; never
// on the message path (design.md section 7). Owned by its host (or the simulator), one thread.
// It puts small machines together: replica, table, scheduler, merge, watches, load.

#include <cstdint>
#include <memory>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/wire/node.hpp"
#include "query/options.hpp"

namespace muster::query {

// Counts since the start, and what there is now. For $SYS, benchmarks and tests.
struct Stats {
  uint64_t tasks = 0;       // received, second copies not counted
  uint64_t duplicates = 0;  // second copies of a task that was still here
  uint64_t answered = 0;    // results and bad_query
  uint64_t busy = 0;
  uint64_t expired = 0;
  uint64_t unavailable = 0;
  uint64_t redirected = 0;  // sent to control
  uint64_t slices = 0;
  uint64_t visits = 0;                  // of rows, in all slices
  uint64_t urgent_wait_slices_max = 0;  // slices of lower tasks run while an urgent one was queued
  uint64_t snapshots = 0;               // loaded completely
  uint64_t gaps = 0;                    // continuity was broken, asked again
  uint64_t watch_resets = 0;
  uint64_t load_units = 0;
  uint64_t queued = 0;   // tasks, also those begun
  uint64_t merging = 0;  // tasks that wait for parts from other servers
  uint64_t devices = 0;
  uint64_t users = 0;
  uint64_t watches = 0;
  uint64_t backlog = 0;  // changes that wait for a watch, over all watches
  Position as_of;        // continuity is proven up to here
};

class Query : public wire::NodeMind {
 public:
  Query(wire::NodeInfo self, Options options);
  ~Query() override;

  void start(Now now) override;
  void receive(Now now, wire::InFrame frame) override;
  void tick(Now now) override;
  Instant next_wake() const override;
  bool has_work() const override;
  void finish_turn(Now now) override;
  wire::Effects take_effects() override;

  bool ready() const;  // holds all slots that it should, continuously
  Stats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::query
