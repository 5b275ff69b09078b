#pragma once
// One replica of global's log (protocol.md, Names and numbers; the Guide's Clone): asks, reads the
// snapshot, follows the deltas, proves continuity, and asks again when it does not hold. It touches
// no rows itself: what it accepts goes to a Rows. Owned by Query, one thread.
//
// Continuity: an entry names the number before it in its slot. What is known of a slot is the
// greater of the proven position and the slot's newest entry here; an entry whose `previous` is
// beyond that, or a heartbeat that knows a newer one, is a gap. So is a delta that does not begin
// where the message before it ended.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "query/options.hpp"
#include "query/slots.hpp"

namespace muster::query {

// Where accepted entries go.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual void apply(const wire::LogEntry& entry) = 0;  // in order, each once
  // A snapshot: what it does not name is gone at its end.
  virtual void begin_snapshot() = 0;
  virtual void load(const wire::LogEntry& entry) = 0;
  virtual void end_snapshot(Position at) = 0;
  virtual void proven(Position at) = 0;  // everything up to here was applied
  // Positions of older eras up to `number` go on in `era`.
  virtual void resumed(uint64_t era, uint64_t number) = 0;
  virtual void drop_slots_outside(const SlotSet& slots) = 0;
};

class Replica {
 public:
  Replica(const Options& options, Rows& rows);

  // Which slots it should hold, by the slot map.
  void hold(Now now, const SlotSet& slots);
  void global_up(Now now, Incarnation incarnation);
  void global_down();

  void receive(Now now, const wire::SnapshotPage& page);
  void receive(Now now, const wire::Delta& delta);
  void receive(Now now, const wire::LogHeartbeat& heartbeat);
  void tick(Now now);
  Instant next_wake() const;
  std::optional<wire::ReplicaAsk> take_ask();  // to say to global, if any

  // Rows of these slots may be read; they are as fresh as lag() says.
  const SlotSet& held() const { return held_; }
  bool ready() const { return wanted_ && held_ == *wanted_ && loaded_; }
  const std::optional<SlotSet>& wanted() const { return wanted_; }
  Position as_of() const { return proven_; }
  Duration lag(Now now) const { return now.mono - proven_at_; }
  bool behind(Now now) const { return !ready() || lag(now) > options_.lag_max; }
  uint64_t snapshots() const { return snapshots_; }
  uint64_t gaps() const { return gaps_; }

 private:
  // away: no global. asking: nothing came yet. loading: pages come. following: deltas come.
  enum class Phase { away, asking, loading, following };

  void ask(Now now, Position have);
  void ask_again(Now now) { ask(now, phase_ == Phase::asking ? have_ : proven_); }
  void gap(Now now);
  void finish_snapshot(Now now, Position at);
  void resume(uint64_t era);
  void end_at(Now now, uint64_t number);
  bool concerns(uint16_t slot) const;
  bool follow(const wire::LogEntry& entry);
  uint64_t known(uint16_t slot) const { return std::max(newest_[slot], proven_.number); }

  const Options& options_;
  Rows& rows_;
  std::optional<SlotSet> wanted_;
  SlotSet held_;
  bool loaded_ = false;
  Phase phase_ = Phase::away;

  Incarnation global_ = Incarnation::none;
  Position proven_;       // everything up to here is in the rows
  uint64_t applied_ = 0;  // the greatest number in the rows; there may be a gap before it
  Instant proven_at_{};
  std::vector<uint64_t> newest_;  // by slot, broker_slot and user_slot too

  uint64_t request_ = 0;
  Position have_;
  uint64_t chain_ = 0;   // where the last message ended
  bool rooted_ = false;  // the chain began at a proven position
  uint32_t next_page_ = 0;
  bool ask_now_ = false;
  Instant ask_at_ = never;

  uint64_t snapshots_ = 0;
  uint64_t gaps_ = 0;
};

}  // namespace muster::query
