#pragma once
// A query server as the Node meets it, scripted: rows in a map, the log as a list, every slot held.
// It can be silent, refuse, lag behind and forget its log.

#include <map>
#include <string>
#include <vector>

#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {

// What global would have told all query servers.
struct Log {
  uint64_t number = 100;
  std::map<std::string, wire::AnswerRow> rows;
  std::vector<std::pair<uint64_t, wire::AnswerRow>> changes;

  void set(const std::string& device, const std::string& user, wire::Status status);
};

class QueryServer {
 public:
  QueryServer(World& world, Log& log, const std::string& name);

  TestPeer& peer() { return *peer_; }
  // Sends what is new in the log to the watches.
  void catch_up();

  std::vector<wire::Task> tasks;  // all that were asked
  bool silent = false;            // answers nothing
  wire::Outcome outcome = wire::Outcome::ok;
  uint64_t behind = 0;     // its answers are that much older than the log
  bool forgetful = false;  // a resumed watch is told reset
  bool full = false;       // takes no more watches
  bool midway = false;     // of an entry of the log it has told some changes, and has more
  size_t watches() const { return watches_.size(); }
  void answer(const wire::Task& task);

 private:
  struct Watch {
    std::string broker;
    wire::WatchOpen open;
    uint64_t told = 0;
  };
  void handle(const wire::LinkEvent& event);
  void tell(Watch& watch);
  wire::Answer run(const wire::Task& task) const;

  World& world_;
  Log& log_;
  std::string name_;
  TestPeer* peer_;
  std::vector<Watch> watches_;
};

}  // namespace muster::broker::node_testing
