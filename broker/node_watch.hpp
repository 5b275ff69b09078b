#pragma once
// One presence watch towards the query servers, for one user or everybody, shared by all
// subscribers. Placed at a number of global's log it is open at one server that holds all slots, or
// at several that hold them together; where a server goes down it is opened at another from where
// it was (resume). Told `reset`, refused, or not yet placed, it knows nothing and must be placed
// (again). Owned by NodePresence, on the Node's thread.

#include <map>
#include <string>
#include <vector>

#include "broker/node_servers.hpp"

namespace muster::broker {

class NodeWatch {
 public:
  // Parts are numbered from number_of(watch) on: that tells whose rows come in.
  static constexpr uint64_t parts_max = 1u << 20;
  static uint64_t watch_of(uint64_t part) { return part / parts_max; }

  NodeWatch(NodeDesk& desk, NodeServers& servers, uint64_t number, std::string user);

  const std::string& user() const { return user_; }
  bool placed() const { return placed_; }
  Position at() const { return at_; }  // the newest change seen

  void place(Position at);
  void close();  // everywhere; not placed any more
  void cover();  // opens it for slots that nobody watches, as far as servers are up
  void server_down(const std::string& server);

  enum class Verdict { stale, changes, reset, refused };
  Verdict rows(const std::string& server, const wire::WatchRows& rows);
  // Of changes: false if this one came before, from the server that told this part until it was
  // opened again from a place that lies before it.
  bool is_news(uint64_t part, const std::string& device, uint64_t number);

 private:
  struct Part {
    uint64_t number = 0;
    std::string server;  // empty: nobody watches these slots
    SlotSet slots;
    Position at;
    // What was told beyond `at`: one entry of the log may change many devices. Bound:
    // presence_backlog_rows; what does not fit may be told twice.
    std::map<std::string, uint64_t> beyond;
  };
  void open(Part& part);

  NodeDesk& desk_;
  NodeServers& servers_;
  uint64_t number_;
  uint64_t next_part_ = 0;
  std::string user_;
  bool placed_ = false;
  Position at_;
  std::vector<Part> parts_;
};

}  // namespace muster::broker
