#pragma once
// The state of each user over its devices, for subscribers of .../presence/state: online if any
// device is, else unknown if any is, else offline. Built from a snapshot and the changes of a
// watch. Bound: the device rows that match the watch. Owned by NodePresence, on the Node's thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/node_snapshot.hpp"

namespace muster::broker {

class NodeStates {
 public:
  explicit NodeStates(uint64_t& generations) : snapshot_(generations) {}
  NodeSnapshot& snapshot() { return snapshot_; }
  void begin(Position at_least);
  bool loaded() const { return snapshot_.done(); }

  // Takes a device's row in; returns the users whose state it changed.
  std::vector<PresenceItemPtr> apply(const wire::AnswerRow& row);

  // The next users after `after`, at most `rows`; moves `after` on, and sets `done` after the last.
  std::vector<PresenceItemPtr> page(std::string& after, bool& done, size_t rows) const;

 private:
  struct Device {
    std::string user;
    wire::Status status = wire::Status::offline;
  };
  struct User {
    uint32_t devices[3] = {};  // by status
    wire::Status state() const;
  };

  NodeSnapshot snapshot_;
  std::map<std::string, Device> devices_;
  std::map<std::string, User> users_;
};

}  // namespace muster::broker
