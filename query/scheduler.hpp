#pragma once
// The tasks of one query server: one FIFO a priority, a bounded number of workers, the threshold
// and what goes over it (design.md section 7). It decides which task runs, leaves or waits; running
// and answering is its owner's business. Owned by Query, one thread.
//
// In one turn each worker runs one slice, on the best tasks that there are; a task that is not
// finished keeps its place. So whatever arrives waits for at most one slice of each worker before
// the best task runs.
//
// Excess: a task is over the threshold when the units of everything that will be served before it,
// and its own, are more than that: same priority and older, or higher. The lowest priority leaves
// first, the youngest first; never one that was redirected already, has begun or has nothing before
// it, and none while a lower one is queued.

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/query.hpp"
#include "query/filter.hpp"
#include "query/run.hpp"

namespace muster::query {

struct Job {
  wire::Task task;
  Instant deadline = never;
  uint32_t units = 1;
  Filter filter;
  // The owner's, from the first slice on.
  std::unique_ptr<Run> run;
  Position as_of;
  uint16_t slots = 0;  // of those asked for, how many are read here
  // The scheduler's own.
  bool begun = false;
  uint64_t arrived_at_slice = 0;
};

class Scheduler {
 public:
  Scheduler(uint32_t workers, uint32_t slice_rows);

  bool knows(const wire::TaskId& id) const { return index_.count(id) > 0; }
  void add(Job job);

  // The tasks over the threshold, taken out. Empty if everything has its place.
  std::vector<Job> take_excess(uint32_t threshold);
  // The tasks beyond a queue of this length, taken out: the lowest priority, the youngest first.
  std::vector<Job> take_overflow(size_t queue_max);
  std::vector<Job> take_expired(Instant now);
  Instant next_deadline() const;

  // One turn of the workers. `step` runs a job within the budget and says whether it is finished;
  // a finished one is taken out and handed to `done`.
  using Step = std::function<bool(Job& job, int64_t& budget)>;
  using Finish = std::function<void(Job job)>;
  void turn(const Step& step, const Finish& done);

  bool empty() const { return index_.empty(); }
  size_t size() const { return index_.size(); }
  uint64_t units() const;
  // Units served before a new task of this priority, or with it.
  uint64_t units_from(wire::Priority priority) const;
  uint32_t queued(wire::Priority priority) const;
  uint64_t slices() const { return slices_; }
  uint64_t visits() const { return visits_; }  // of rows, in all slices
  uint64_t urgent_wait_slices_max() const { return urgent_wait_max_; }

 private:
  using Jobs = std::list<Job>;
  struct Line {
    Jobs jobs;
    std::map<uint64_t, Jobs::iterator> movable;  // by age: not begun, not redirected
    size_t begun = 0;
    uint64_t units = 0;
  };
  struct Entry {
    Jobs::iterator job;
    uint64_t age = 0;
  };

  Line& line(wire::Priority priority) { return lines_[static_cast<size_t>(priority)]; }
  Job take(const wire::TaskId& id);
  void begin(Job& job);
  bool run_job(Jobs::iterator job, int64_t& budget, const Step& step, const Finish& done);

  const uint32_t workers_;
  const uint32_t slice_rows_;
  Line lines_[wire::priority_count];
  std::map<wire::TaskId, Entry> index_;
  std::set<std::pair<Instant, wire::TaskId>> deadlines_;
  uint64_t ages_ = 0;
  uint64_t slices_ = 0;
  uint64_t visits_ = 0;
  uint64_t lower_slices_ = 0;  // that were not for an urgent task
  uint64_t urgent_wait_max_ = 0;
};

}  // namespace muster::query
