#pragma once
// Questions under way at the query servers (protocol.md, Queries): the asker owns a task until the
// answer or the deadline. It is asked again, at another holder if there is one, after each third of
// its time without an answer, at once when the server that was asked goes down, and when control
// goes down, which may have had it in its hands. Second answers are dropped by id. Without any
// server for a third of its time: unavailable.
//
// Bound: the caller asks open() before it adds. Owned by the Node, on its thread.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "broker/node_servers.hpp"

namespace muster::broker {

class NodeTasks {
 public:
  using Done = std::function<void(Now now, wire::Answer answer)>;

  NodeTasks(NodeDesk& desk, NodeServers& servers) : desk_(desk), servers_(servers) {}

  size_t open() const { return tasks_.size(); }
  struct Question {
    wire::Query query;
    wire::Priority priority = wire::Priority::normal;
    Duration timeout{};
    std::string server;  // asked first if it is up
  };
  // `done` is called exactly once, later.
  void ask(Now now, Question question, Done done);

  void answered(Now now, wire::Answer answer);
  void server_up(Now now);
  void server_down(Now now, const std::string& server);
  void control_down(Now now);

  void tick(Now now);
  Instant next_wake() const { return timers_.empty() ? never : timers_.begin()->first; }

 private:
  struct Open {
    wire::Task task;
    std::string server;
    Instant deadline{};
    Duration third{};
    Instant timer{};
    std::vector<std::string> asked;  // and may still have it
    Done done;
  };
  using Tasks = std::map<uint64_t, Open>;

  void send(Now now, Open& open);
  void set_timer(Open& open, Instant at);
  void due(Now now, Tasks::iterator at);
  void finish(Now now, Tasks::iterator at, wire::Answer answer);
  void fail(Now now, Tasks::iterator at, wire::Outcome outcome);

  NodeDesk& desk_;
  NodeServers& servers_;
  Tasks tasks_;  // by number
  std::set<std::pair<Instant, uint64_t>> timers_;
  uint64_t number_ = 0;
};

}  // namespace muster::broker
