#include "query/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace muster::query {

Scheduler::Scheduler(uint32_t workers, uint32_t slice_rows)
    : workers_(std::max(1u, workers)), slice_rows_(std::max(1u, slice_rows)) {}

void Scheduler::add(Job job) {
  MUSTER_CHECK(!knows(job.task.id));
  const wire::TaskId id = job.task.id;
  Line& mine = line(job.task.priority);
  deadlines_.emplace(job.deadline, id);
  mine.units += job.units;
  job.arrived_at_slice = lower_slices_;
  mine.jobs.push_back(std::move(job));
  const auto it = std::prev(mine.jobs.end());
  const uint64_t age = ++ages_;
  index_.emplace(id, Entry{it, age});
  if (!it->task.redirected) mine.movable.emplace(age, it);
}

Job Scheduler::take(const wire::TaskId& id) {
  const auto found = index_.find(id);
  MUSTER_CHECK(found != index_.end());
  const Entry entry = found->second;
  index_.erase(found);
  Job job = std::move(*entry.job);
  Line& mine = line(job.task.priority);
  mine.jobs.erase(entry.job);
  mine.movable.erase(entry.age);
  mine.units -= job.units;
  if (job.begun) --mine.begun;
  deadlines_.erase({job.deadline, job.task.id});
  return job;
}

std::vector<Job> Scheduler::take_excess(uint32_t threshold) {
  std::vector<Job> excess;
  for (size_t priority = 0; priority < wire::priority_count; ++priority) {
    Line& mine = lines_[priority];
    while (!mine.movable.empty()) {
      const Job& youngest = *mine.movable.rbegin()->second;
      const uint64_t units = units_from(static_cast<wire::Priority>(priority));
      if (units <= threshold || units == youngest.units) break;
      excess.push_back(take(wire::TaskId{youngest.task.id}));
    }
    if (mine.jobs.size() > mine.begun) break;  // a lower one is queued
  }
  return excess;
}

std::vector<Job> Scheduler::take_overflow(size_t queue_max) {
  std::vector<Job> overflow;
  for (Line& mine : lines_) {
    for (auto it = mine.jobs.end(); size() > queue_max && it != mine.jobs.begin();) {
      --it;
      if (it->begun) continue;
      const wire::TaskId id = it->task.id;
      ++it;
      overflow.push_back(take(id));
    }
  }
  return overflow;
}

std::vector<Job> Scheduler::take_expired(Instant now) {
  std::vector<Job> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const wire::TaskId id = deadlines_.begin()->second;
    expired.push_back(take(id));
  }
  return expired;
}

Instant Scheduler::next_deadline() const {
  return deadlines_.empty() ? never : deadlines_.begin()->first;
}

void Scheduler::turn(const Step& step, const Finish& done) {
  size_t priority = wire::priority_count;
  Jobs::iterator next{};
  const auto advance = [&]() -> bool {  // to the next job in the order of service
    while (priority == wire::priority_count || next == lines_[priority].jobs.end()) {
      if (priority == 0) return false;
      next = lines_[--priority].jobs.begin();
    }
    return true;
  };
  for (uint32_t worker = 0; worker < workers_ && advance(); ++worker) {
    ++slices_;
    int64_t budget = slice_rows_;
    bool for_others = false;
    while (budget > 0 && advance()) {
      const Jobs::iterator job = next++;
      for_others |= job->task.priority != wire::Priority::urgent;
      if (!run_job(job, budget, step, done)) break;
    }
    visits_ += static_cast<uint64_t>(slice_rows_ - budget);
    if (for_others) ++lower_slices_;
  }
}

bool Scheduler::run_job(Jobs::iterator job, int64_t& budget, const Step& step, const Finish& done) {
  if (!job->begun) begin(*job);
  if (!step(*job, budget)) return false;
  const wire::TaskId id = job->task.id;
  done(take(id));
  return true;
}

void Scheduler::begin(Job& job) {
  Line& mine = line(job.task.priority);
  job.begun = true;
  ++mine.begun;
  mine.movable.erase(index_.at(job.task.id).age);
  if (job.task.priority == wire::Priority::urgent)
    urgent_wait_max_ = std::max(urgent_wait_max_, lower_slices_ - job.arrived_at_slice);
}

uint64_t Scheduler::units() const {
  return units_from(wire::Priority::low);
}

uint64_t Scheduler::units_from(wire::Priority priority) const {
  uint64_t units = 0;
  for (size_t at = static_cast<size_t>(priority); at < wire::priority_count; ++at)
    units += lines_[at].units;
  return units;
}

uint32_t Scheduler::queued(wire::Priority priority) const {
  return static_cast<uint32_t>(lines_[static_cast<size_t>(priority)].jobs.size());
}

}  // namespace muster::query
