#pragma once
// The query servers as this broker knows them: who holds which slots (control's directory) and who
// is up (links). Chooses whom to ask, in turn. Owned by the Node, on its thread.

#include <bitset>
#include <map>
#include <string>
#include <vector>

#include "broker/node_desk.hpp"

namespace muster::broker {

using SlotSet = std::bitset<slot_count>;

class NodeServers {
 public:
  explicit NodeServers(NodeDesk& desk) : desk_(desk) {}

  void directory(const wire::Directory& directory);

  // A server that is up for this query, not one of `avoid`: for one device a holder of its slot,
  // else preferably one that holds all slots. Empty: there is none.
  std::string pick(const wire::Query& query, const std::vector<std::string>& avoid);

  struct Share {
    std::string server;
    SlotSet slots;
  };
  // Servers that are up and together hold as much of `slots` as can be had; one alone if possible.
  std::vector<Share> cover(SlotSet slots);

 private:
  std::string choose(const std::vector<std::string>& candidates);

  NodeDesk& desk_;
  std::map<std::string, SlotSet> servers_;
  uint64_t turn_ = 0;
};

}  // namespace muster::broker
