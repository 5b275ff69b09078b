#pragma once
// $query: a client's question as JSON, judged, asked (node_tasks), and its one answer for that
// connection alone. Owned by the Node, on its thread.

#include "broker/node_tasks.hpp"

namespace muster::broker {

class NodeQueries {
 public:
  NodeQueries(NodeDesk& desk, NodeTasks& tasks) : desk_(desk), tasks_(tasks) {}

  void ask(Now now, AskQuery question);

 private:
  struct Asker {  // whom to answer, and how
    ClientRef client;
    std::string user;
    std::string topic;
    std::string properties;
    std::string id;  // JSON text
  };
  void refuse(const Asker& asker, wire::Outcome outcome, const char* text);
  void answer(const Asker& asker, const wire::Answer& answer);
  void reply(const Asker& asker, std::string payload);

  NodeDesk& desk_;
  NodeTasks& tasks_;
};

}  // namespace muster::broker
