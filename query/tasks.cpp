#include "query/tasks.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace muster::query {

using wire::Outcome;
using wire::QueryKind;

Tasks::Tasks(const wire::NodeInfo& self, const Options& options, const Replica& replica,
             const Feed& feed, const SlotMap& map, Say say, Up up)
    : self_(self.name),
      options_(options),
      replica_(replica),
      feed_(feed),
      map_(map),
      say_(std::move(say)),
      up_(std::move(up)),
      scheduler_(options.workers, options.slice_rows),
      merges_(
          self.name, self.incarnation,
          [this](uint16_t slot, const std::set<std::string>& tried) { return pick(slot, tried); },
          [this](const std::string& server, wire::Task part) {
            say_(server, wire::AskTask{std::move(part)});
          },
          [this](const wire::Task& task, wire::Answer sum) { answer(task, std::move(sum)); }) {}

// ---- arrival
// ------------------------------------------------------------------------------------------

void Tasks::receive(Now now, wire::Task task) {
  if (task.redirected) ++counts_.received;
  if (scheduler_.knows(task.id) || merges_.knows(task.id)) {
    ++counts_.duplicates;
    return;
  }
  ++counts_.tasks;
  if (task.deadline_us == 0) return refuse(task, Outcome::expired);
  Job job;
  const std::string problem = problem_of(task, job.filter);
  if (!problem.empty()) return refuse(task, Outcome::bad_query, problem);
  const auto longest = static_cast<uint64_t>(options_.deadline_max.count());
  job.deadline = now.mono + Duration(static_cast<int64_t>(std::min(task.deadline_us, longest)));
  job.units = units_of(task.query, job.filter, feed_.table());
  job.task = std::move(task);
  scheduler_.add(std::move(job));
  shed(now);
}

// What is wrong with a task, for its asker; empty: nothing, and its filter is compiled.
std::string Tasks::problem_of(wire::Task& task, Filter& filter) const {
  wire::Query& query = task.query;
  if (query.kind == QueryKind::lookup) {
    if (query.devices.empty()) return "no devices to look up";
    if (query.devices.size() <= options_.devices_max) return {};
    return fmt::format("{} devices, at most {}", query.devices.size(), options_.devices_max);
  }
  if (query.kind == QueryKind::list && query.limit == 0) return "limit must be at least 1";
  query.limit = std::min(query.limit, options_.limit_max);
  auto compiled = Filter::compile(query.where, query.now_ms);
  if (!compiled) return compiled.error();
  filter = std::move(*compiled);
  return {};
}

void Tasks::control_up(Now now, const std::string& name) {
  control_ = name;
  shed(now);
}

// The excess goes to control; without control it waits, up to queue_max.
void Tasks::shed(Now now) {
  if (control_) {
    for (Job& job : scheduler_.take_excess(options_.threshold)) {
      if (job.deadline <= now.mono) {
        refuse(job.task, Outcome::expired);
        continue;
      }
      ++counts_.redirected;
      job.task.deadline_us = static_cast<uint64_t>((job.deadline - now.mono).count());
      say_(*control_, wire::AskTask{std::move(job.task)});
    }
  }
  for (const Job& job : scheduler_.take_overflow(options_.queue_max))
    refuse(job.task, Outcome::busy, "too many tasks");
}

// ---- running
// ----------------------------------------------------------------------------------------------

void Tasks::tick(Now now) {
  for (const Job& job : scheduler_.take_expired(now.mono)) {
    merges_.cancel(job.task.id);
    refuse(job.task, Outcome::expired);
  }
  merges_.tick(now);
}

void Tasks::turn(Now now) {
  scheduler_.turn([&](Job& job, int64_t& budget) { return step(now, job, budget); },
                  [&](Job job) { finished(now, std::move(job)); });
}

bool Tasks::step(Now now, Job& job, int64_t& budget) {
  if (!job.run) begin(now, job);
  return job.slots == 0 || job.run->slice(feed_.table(), budget);
}

// A part of another server's task is answered from what is here; a whole task is shared out.
void Tasks::begin(Now now, Job& job) {
  const wire::Query& query = job.task.query;
  const SlotSet needed = slots_needed(query);
  const SlotSet local = needed & replica_.held();
  job.run = std::make_unique<Run>(query, job.filter, local, options_);
  job.as_of = replica_.as_of();
  job.slots = static_cast<uint16_t>(local.count());
  if (query.slots.empty() && local != needed)
    merges_.start(now, job.task, job.deadline, needed & ~local, local.any());
}

void Tasks::finished(Now now, Job job) {
  Found& found = job.run->found();
  wire::Answer mine;
  mine.rows = std::move(found.rows);
  mine.count = found.count;
  mine.next = std::move(found.next);
  mine.as_of = job.as_of;
  mine.lag_us = static_cast<uint64_t>(std::max<int64_t>(0, replica_.lag(now).count()));
  mine.answered = job.slots;
  mine.asked = static_cast<uint16_t>(slots_needed(job.task.query).count());
  if (found.too_large) {
    merges_.cancel(job.task.id);
    return refuse(job.task, Outcome::bad_query, "the answer is too large: ask for fewer devices");
  }
  if (job.slots == mine.asked || !job.task.query.slots.empty()) {
    if (job.slots == 0) return refuse(job.task, Outcome::unavailable, "no rows of these slots");
    return answer(job.task, std::move(mine));
  }
  if (job.slots > 0) merges_.add_local(now, job.task.id, std::move(mine));
}

// The first holder of the slot that can be asked now.
std::string Tasks::pick(uint16_t slot, const std::set<std::string>& tried) const {
  for (const std::string& server : map_.holders(slot))
    if (server != self_ && tried.count(server) == 0 && up_(server)) return server;
  return {};
}

// ---- the one answer
// ---------------------------------------------------------------------------------------

void Tasks::answer(const wire::Task& task, wire::Answer answer) {
  answer.id = task.id;
  answer.server = self_;
  answer.redirected = task.redirected;
  if (answer.outcome == Outcome::busy) {
    ++counts_.busy;
    answer.retry_after_ms = static_cast<uint32_t>(options_.retry_after.count() / 1000);
  } else if (answer.outcome == Outcome::expired) {
    ++counts_.expired;
    if (answer.text.empty()) answer.text = "the deadline passed";
  } else if (answer.outcome == Outcome::unavailable) {
    ++counts_.unavailable;
    if (answer.text.empty()) answer.text = "no query server holds the rows";
  } else {
    ++counts_.answered;
  }
  say_(task.asker, wire::TaskAnswer{std::move(answer)});
}

void Tasks::refuse(const wire::Task& task, Outcome outcome, std::string text) {
  wire::Answer refusal;
  refusal.outcome = outcome;
  refusal.text = std::move(text);
  answer(task, std::move(refusal));
}

wire::Load Tasks::load(Now now) const {
  wire::Load load;
  load.units = static_cast<uint32_t>(scheduler_.units());
  load.workers = options_.workers;
  load.at = replica_.as_of();
  load.received = counts_.received;
  load.threshold = replica_.behind(now) ? 0 : options_.threshold;
  for (size_t at = 0; at < wire::priority_count; ++at) {
    const auto priority = static_cast<wire::Priority>(at);
    const uint64_t before = scheduler_.units_from(priority);
    load.queued.push_back(scheduler_.queued(priority));
    load.credit.push_back(before < load.threshold ? static_cast<uint32_t>(load.threshold - before)
                                                  : 0);
  }
  return load;
}

}  // namespace muster::query
