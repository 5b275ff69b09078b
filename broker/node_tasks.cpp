#include "broker/node_tasks.hpp"

#include <algorithm>

namespace muster::broker {

void NodeTasks::ask(Now now, Question question, Done done) {
  Open open;
  open.task.id = {desk_.links.self().incarnation, ++number_};
  open.task.asker = desk_.links.self().name;
  open.task.priority = question.priority;
  open.task.query = std::move(question.query);
  open.server = std::move(question.server);
  open.deadline = now.mono + question.timeout;
  open.third = std::max(question.timeout / 3, Duration(1));
  open.done = std::move(done);
  Open& kept = tasks_.emplace(number_, std::move(open)).first->second;
  timers_.emplace(kept.timer, number_);
  send(now, kept);
}

void NodeTasks::set_timer(Open& open, Instant at) {
  timers_.erase({open.timer, open.task.id.number});
  open.timer = std::min(at, open.deadline);
  timers_.emplace(open.timer, open.task.id.number);
}

void NodeTasks::send(Now now, Open& open) {
  set_timer(open, now.mono + open.third);
  std::string server = open.asked.empty() && desk_.links.up(open.server)
                           ? open.server
                           : servers_.pick(open.task.query, open.asked);
  if (server.empty() && !open.asked.empty()) server = servers_.pick(open.task.query, {});
  if (server.empty()) return;
  ++desk_.counters.tasks_asked;
  open.task.deadline_us = static_cast<uint64_t>((open.deadline - now.mono).count());
  desk_.links.talk(server, wire::AskTask{open.task});
  const bool again = std::find(open.asked.begin(), open.asked.end(), server) != open.asked.end();
  if (!again) open.asked.push_back(std::move(server));
}

void NodeTasks::answered(Now now, wire::Answer answer) {
  const auto at = tasks_.find(answer.id.number);
  if (at == tasks_.end() || at->second.task.id != answer.id) {
    ++desk_.counters.answers_late;
    return;
  }
  ++desk_.counters.answers;
  finish(now, at, std::move(answer));
}

void NodeTasks::server_up(Now now) {
  for (auto& [number, open] : tasks_) {
    if (open.asked.empty()) send(now, open);
  }
}

void NodeTasks::server_down(Now now, const std::string& server) {
  for (auto& [number, open] : tasks_) {
    if (std::erase(open.asked, server) == 0 || !open.asked.empty()) continue;
    ++desk_.counters.tasks_again;
    send(now, open);
  }
}

void NodeTasks::control_down(Now now) {
  for (auto& [number, open] : tasks_) {
    ++desk_.counters.tasks_again;
    send(now, open);
  }
}

void NodeTasks::tick(Now now) {
  while (!timers_.empty() && timers_.begin()->first <= now.mono) {
    due(now, tasks_.find(timers_.begin()->second));
  }
}

void NodeTasks::due(Now now, Tasks::iterator at) {
  Open& open = at->second;
  if (open.deadline <= now.mono) {
    ++desk_.counters.tasks_expired;
    return fail(now, at, wire::Outcome::expired);
  }
  if (open.asked.empty()) return fail(now, at, wire::Outcome::unavailable);
  ++desk_.counters.tasks_again;
  send(now, open);
}

void NodeTasks::fail(Now now, Tasks::iterator at, wire::Outcome outcome) {
  wire::Answer answer;
  answer.id = at->second.task.id;
  answer.outcome = outcome;
  answer.text = outcome == wire::Outcome::expired ? "no answer in time" : "no query server is up";
  finish(now, at, std::move(answer));
}

void NodeTasks::finish(Now now, Tasks::iterator at, wire::Answer answer) {
  timers_.erase({at->second.timer, at->first});
  const Done done = std::move(at->second.done);
  tasks_.erase(at);  // before the call: it may ask the next
  done(now, std::move(answer));
}

}  // namespace muster::broker
