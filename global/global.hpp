#pragma once
// Global: the one authority. Rows of devices, users and brokers, who owns which session, inboxes,
// wills; one numbered log that the replicas follow (design.md sections 3, 5, 6). Owned by its host
// (or the simulator), one thread. It puts small machines together, one file each.
//
// Nothing is said before what it rests on is stored: what a turn decides is written into a batch
// together with the last stream numbers taken from brokers, and everything that follows from it
// (grants, deliveries, acknowledgements, deltas) leaves when stored() reports the batch. One batch
// is in flight; meanwhile the next one accumulates.
//
// The host: events..., finish_turn(), take_effects(), take_batch(); commit the batch (again and
// again until it succeeds, there is no other answer), stored(), finish_turn(), and so on.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/expected.hpp"
#include "core/base/time.hpp"
#include "core/store/store.hpp"
#include "core/wire/node.hpp"
#include "global/options.hpp"

namespace muster::global {

using store::StoreBatch;

// Everything that lies in the store, in key order.
struct Recovered {
  std::vector<store::Record> records;
  bool repaired = false;  // records may be missing: numbers jump ahead, replicas start anew
};

// Counts since the start, and what there is now. For $SYS, benchmarks and tests.
struct Stats {
  uint64_t devices = 0;    // rows
  uint64_t connected = 0;  // rows that say so, whatever their broker's state
  uint64_t users = 0;
  uint64_t brokers_alive = 0;
  uint64_t brokers_unreachable = 0;
  uint64_t sessions = 0;
  uint64_t sessions_held = 0;
  uint64_t sessions_waiting = 0;  // CONNECTs that wait for another connection to let go
  uint64_t subscriptions = 0;
  uint64_t inbox_entries = 0;  // unacknowledged
  uint64_t inbox_bytes = 0;
  uint64_t wills = 0;          // registered
  uint64_t wills_delayed = 0;  // waiting for their delay
  uint64_t publications = 0;   // wills under way to brokers
  uint64_t retained = 0;       // topics with a retained message
  uint64_t retained_bytes = 0;

  uint64_t claims = 0;
  uint64_t evictions = 0;
  uint64_t published = 0;  // Publish taken from brokers
  uint64_t inbox_appended = 0;
  uint64_t inbox_refused = 0;  // an inbox or all together were full
  uint64_t inbox_expired = 0;  // message expiry
  uint64_t wills_published = 0;
  uint64_t retained_refused = 0;    // over the bounds
  uint64_t retained_snapshots = 0;  // to brokers
  uint64_t stale = 0;               // messages with a term that is over
  uint64_t snapshots = 0;
  uint64_t resumes = 0;
  uint64_t unreadable = 0;  // stored records that could not be read at start
  uint64_t batches = 0;
};

class Global final : public wire::NodeMind {
 public:
  // Reads the whole store; before the mind starts, on whatever thread may block.
  static Expected<Recovered, store::Error> recover(store::Store& store, bool repaired = false);

  Global(Options options, wire::NodeInfo self, Recovered recovered);
  ~Global() override;

  void start(Now now) override;
  void receive(Now now, wire::InFrame frame) override;
  void tick(Now now) override;
  Instant next_wake() const override;
  bool has_work() const override;
  void finish_turn(Now now) override;
  wire::Effects take_effects() override;
  void stop(Now now) override;
  bool stopped() const override;

  // After finish_turn(): the batch to commit, if there is one and none is in flight.
  std::optional<StoreBatch> take_batch();
  // The batch with this number is stored.
  void stored(Now now, uint64_t number);

  Stats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::global
