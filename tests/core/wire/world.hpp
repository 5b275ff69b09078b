#pragma once
// Three nodes (a durable one and two brokers) that stream, talk, break, sleep, crash, end and renew
// each other at random, and a judge that knows what Links promises. One seed, one history.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/core/wire/network.hpp"

namespace muster::wire::testing {

class World {
 public:
  explicit World(uint64_t seed);

  // Troubles for a while, then peace; afterwards everybody must be up and everything told.
  void run();
  // What was broken of the promises; empty: nothing.
  const std::vector<std::string>& faults() const { return faults_; }
  uint64_t trace() const { return trace_; }  // hash of all that happened
  uint64_t received() const { return received_count_; }
  uint64_t ended() const { return ended_count_; }

 private:
  // One stream as its sender sees it: a generation ends with PeerEnded.
  struct Sending {
    uint64_t generation = 0;
    uint64_t said = 0;                     // items, 1 ..
    std::map<uint64_t, uint64_t> numbers;  // number -> item, unacknowledged
    uint64_t acknowledged = 0;             // item
    bool announced = false;
  };
  struct Mind {
    NodeInfo info;
    bool durable = false;
    std::map<std::string, Sending> sending;
    std::map<std::string, NodeInfo> up;
    std::set<std::string> downs;  // to judge the order of events
    uint64_t storing = 0;
  };
  // An item's name: sender's incarnation, receiver, generation; its items come as 1, 2, 3 ...
  using StreamName = std::tuple<uint64_t, std::string, uint64_t>;
  struct Storage {  // of a durable node, survives crashes
    std::map<Incarnation, uint64_t> numbers;
    std::map<StreamName, uint64_t> items;
  };

  void start(const std::string& name);
  void know_all(const std::string& name);
  void disturb();
  void end_somehow(const std::string& name, const std::string& other);
  void speak(const std::string& name);
  void say(const std::string& name, const std::string& to);
  void judge(const std::string& name, std::vector<LinkEvent> events);
  void on(const std::string& name, const PeerUp& event);
  void on(const std::string& name, const PeerDown& event);
  void on(const std::string& name, const PeerEnded& event);
  void on(const std::string& name, const Received& event);
  void on(const std::string& name, const Acknowledged& event);
  void judge_backlog(const std::string& name, const Sending& sending, Backlog backlog);
  void store(const std::string& name, const Received& event, const StreamName& stream,
             uint64_t item);
  void check_peace();
  void fault(const std::string& text);
  void note(uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3; }

  Network net_;
  std::map<std::string, NodeInfo> places_;
  std::map<std::string, Mind> minds_;
  std::map<std::string, Storage> stores_;
  // What each process has been handed: (receiver's incarnation, stream) -> last item.
  std::map<std::pair<uint64_t, StreamName>, uint64_t> received_;
  std::vector<std::string> faults_;
  uint64_t incarnations_ = 100;
  uint64_t trace_ = 0xcbf29ce484222325;
  uint64_t received_count_ = 0;
  uint64_t ended_count_ = 0;
  bool peace_ = false;
};

}  // namespace muster::wire::testing
