#pragma once
// The tasks of one query server from arrival to their one answer: checks, scheduler, run over the
// table, merge with other servers' parts, excess to control, refusals. Owned by Query, one thread.

#include <functional>
#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "query/feed.hpp"
#include "query/merge.hpp"
#include "query/options.hpp"
#include "query/replica.hpp"
#include "query/scheduler.hpp"
#include "query/slot_map.hpp"

namespace muster::query {

struct TaskCounts {
  uint64_t tasks = 0;
  uint64_t duplicates = 0;
  uint64_t answered = 0;
  uint64_t busy = 0;
  uint64_t expired = 0;
  uint64_t unavailable = 0;
  uint64_t redirected = 0;
  uint64_t received = 0;  // redirected ones, from control
};

class Tasks {
 public:
  using Say = std::function<void(const std::string& peer, const wire::Message& message)>;
  using Up = std::function<bool(const std::string& peer)>;

  Tasks(const wire::NodeInfo& self, const Options& options, const Replica& replica,
        const Feed& feed, const SlotMap& map, Say say, Up up);

  void receive(Now now, wire::Task task);
  void receive(Now now, const wire::Answer& part) { merges_.receive(now, part); }
  void control_up(Now now, const std::string& name);
  void control_down() { control_.reset(); }
  void server_down(Now now, const std::string& name) { merges_.server_down(now, name); }

  void tick(Now now);  // deadlines
  void turn(Now now);  // one slice for each worker
  bool has_work() const { return !scheduler_.empty(); }
  Instant next_wake() const { return std::min(scheduler_.next_deadline(), merges_.next_wake()); }

  wire::Load load(Now now) const;
  const Scheduler& scheduler() const { return scheduler_; }
  size_t merging() const { return merges_.size(); }
  const TaskCounts& counts() const { return counts_; }

 private:
  std::string problem_of(wire::Task& task, Filter& filter) const;
  void shed(Now now);
  bool step(Now now, Job& job, int64_t& budget);
  void begin(Now now, Job& job);
  void finished(Now now, Job job);
  void answer(const wire::Task& task, wire::Answer answer);
  void refuse(const wire::Task& task, wire::Outcome outcome, std::string text = {});
  std::string pick(uint16_t slot, const std::set<std::string>& tried) const;

  const std::string self_;
  const Options& options_;
  const Replica& replica_;
  const Feed& feed_;
  const SlotMap& map_;
  const Say say_;
  const Up up_;
  std::optional<std::string> control_;
  Scheduler scheduler_;
  Merges merges_;
  TaskCounts counts_;
};

}  // namespace muster::query
