#include "query/merge.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace muster::query {

namespace {

Duration margin(Duration left) {
  return std::min<Duration>(left / 8, std::chrono::milliseconds(50));
}

uint64_t microseconds(Duration duration) {
  return duration.count() > 0 ? static_cast<uint64_t>(duration.count()) : 0;
}

}  // namespace

SlotSet slots_needed(const wire::Query& query) {
  if (!query.slots.empty()) return to_set(query.slots);
  if (query.kind != wire::QueryKind::lookup) return all_slots();
  SlotSet slots;
  for (const std::string& device : query.devices) slots.set(static_cast<size_t>(slot_of(device)));
  return slots;
}

Merges::Merges(std::string self, Incarnation incarnation, Pick pick, Ask ask, Finish finish)
    : self_(std::move(self)),
      incarnation_(incarnation),
      pick_(std::move(pick)),
      ask_(std::move(ask)),
      finish_(std::move(finish)) {}

void Merges::start(Now now, const wire::Task& task, Instant deadline, const SlotSet& remote,
                   bool local) {
  const auto [it, is_new] = merges_.try_emplace(task.id);
  MUSTER_CHECK(is_new);
  Merge& merge = it->second;
  merge.task = task;
  merge.local = local;
  merge.give_up = deadline - margin(deadline - now.mono) / 2;
  merge.sum.asked = static_cast<uint16_t>(slots_needed(task.query).count());
  merge.sum.as_of = {UINT64_MAX, UINT64_MAX};
  give_ups_.emplace(merge.give_up, task.id);
  ask_for(now, merge, remote, {});
  finish_if_done(it);
}

// One part for each server that is chosen for some of the slots.
void Merges::ask_for(Now now, Merge& merge, const SlotSet& slots,
                     const std::set<std::string>& tried) {
  std::map<std::string, SlotSet> by_server;
  for (uint16_t slot = 0; slot < slot_count; ++slot) {
    if (!slots.test(slot)) continue;
    const std::string server = pick_(slot, tried);
    if (!server.empty()) by_server[server].set(slot);
  }
  const Duration left = merge.give_up - now.mono;
  for (const auto& [server, share] : by_server) {
    const uint64_t number = ++numbers_;
    wire::Task part;
    part.id = {incarnation_, number};
    part.asker = self_;
    part.priority = merge.task.priority;
    part.deadline_us = microseconds(left - margin(left));
    part.query = merge.task.query;
    part.query.slots = to_list(share);
    std::erase_if(part.query.devices, [&, mine = share](const std::string& device) {
      return !mine.test(static_cast<size_t>(slot_of(device)));
    });
    std::set<std::string> asked = tried;
    asked.insert(server);
    merge.parts.emplace(number, Part{server, share, std::move(asked)});
    parts_.emplace(number, merge.task.id);
    ask_(server, std::move(part));
  }
}

void Merges::add_local(Now now, const wire::TaskId& task, wire::Answer part) {
  (void)now;
  const auto it = merges_.find(task);
  if (it == merges_.end()) return;
  it->second.local = false;
  add(it->second, std::move(part));
  finish_if_done(it);
}

void Merges::receive(Now now, const wire::Answer& part) {
  if (part.id.asker != incarnation_) return;
  const auto owner = parts_.find(part.id.number);
  if (owner == parts_.end()) return;  // a second answer, or too late
  const auto it = merges_.find(owner->second);
  MUSTER_CHECK(it != merges_.end());
  if (part.outcome == wire::Outcome::ok) {
    it->second.parts.erase(part.id.number);
    parts_.erase(owner);
    add(it->second, part);
  } else if (part.outcome == wire::Outcome::bad_query) {
    it->second.sum.text = part.text;
    stop_waiting(it->second, part.outcome);
  } else {
    failed(now, it->second, part.id.number, part.outcome);
  }
  finish_if_done(it);
}

// Another holder of the same slots, if there is one left.
void Merges::failed(Now now, Merge& merge, uint64_t number, wire::Outcome why) {
  const Part part = std::move(merge.parts.at(number));
  merge.parts.erase(number);
  parts_.erase(number);
  merge.failure = why;
  ask_for(now, merge, part.slots, part.tried);
}

void Merges::server_down(Now now, const std::string& server) {
  for (auto it = merges_.begin(); it != merges_.end();) {
    const auto next = std::next(it);
    std::vector<uint64_t> lost;
    for (const auto& [number, part] : it->second.parts)
      if (part.server == server) lost.push_back(number);
    for (const uint64_t number : lost) failed(now, it->second, number, wire::Outcome::unavailable);
    finish_if_done(it);
    it = next;
  }
}

void Merges::cancel(const wire::TaskId& task) {
  const auto it = merges_.find(task);
  if (it == merges_.end()) return;
  stop_waiting(it->second, it->second.failure);
  give_ups_.erase({it->second.give_up, task});
  merges_.erase(it);
}

void Merges::tick(Now now) {
  while (!give_ups_.empty() && give_ups_.begin()->first <= now.mono) {
    const auto it = merges_.find(give_ups_.begin()->second);
    give_ups_.erase(give_ups_.begin());
    stop_waiting(it->second, wire::Outcome::expired);
    finish_if_done(it);
  }
}

Instant Merges::next_wake() const {
  return give_ups_.empty() ? never : give_ups_.begin()->first;
}

void Merges::add(Merge& merge, wire::Answer part) {
  wire::Answer& sum = merge.sum;
  sum.count += part.count;
  sum.answered = static_cast<uint16_t>(sum.answered + part.answered);
  sum.as_of = std::min(sum.as_of, part.as_of);
  sum.lag_us = std::max(sum.lag_us, part.lag_us);
  if (!part.next.empty()) merge.cursors.insert(part.next);
  std::move(part.rows.begin(), part.rows.end(), std::back_inserter(sum.rows));
}

// For the other servers; the part that runs here has the task's own deadline.
void Merges::stop_waiting(Merge& merge, wire::Outcome why) {
  for (const auto& [number, part] : merge.parts) parts_.erase(number);
  merge.parts.clear();
  merge.failure = why;
}

void Merges::finish_if_done(Map::iterator it) {
  Merge& merge = it->second;
  if (merge.local || !merge.parts.empty()) return;
  if (merge.sum.answered == 0 || merge.failure == wire::Outcome::bad_query) {
    merge.sum.outcome = merge.failure;
    merge.sum.as_of = {};
    merge.sum.rows.clear();
  } else {
    cut(merge);
  }
  const wire::Task task = std::move(merge.task);
  wire::Answer sum = std::move(merge.sum);
  cancel(task.id);
  finish_(task, std::move(sum));
}

// Rows in one order; none beyond the end of a part that has more, or the cursor would skip that.
void Merges::cut(Merge& merge) {
  auto& rows = merge.sum.rows;
  const wire::Query& query = merge.task.query;
  if (query.kind == wire::QueryKind::lookup) {
    std::map<std::string, size_t> wanted;
    for (size_t at = 0; at < query.devices.size(); ++at) wanted.emplace(query.devices[at], at);
    std::sort(rows.begin(), rows.end(), [&](const auto& left, const auto& right) {
      return wanted[left.device.device] < wanted[right.device.device];
    });
    return;
  }
  std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
    return left.device.device < right.device.device;
  });
  const size_t found = rows.size();
  if (!merge.cursors.empty()) {
    std::erase_if(rows, [&](const wire::AnswerRow& row) {
      return row.device.device > *merge.cursors.begin();
    });
  }
  if (query.kind != wire::QueryKind::list) return;
  if (rows.size() > query.limit) rows.resize(query.limit);
  merge.sum.count = rows.size();
  if (!rows.empty() && (rows.size() < found || !merge.cursors.empty()))
    merge.sum.next = rows.back().device.device;
}

}  // namespace muster::query
