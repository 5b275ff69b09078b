#pragma once
// Which query servers hold which slot: rendezvous hashing, so that a server that comes or goes
// moves only the slots that it gains or had. A value, built anew at each change; a function of its
// inputs.

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/wire/messages.hpp"

namespace muster::control {

using SlotSet = std::bitset<slot_count>;

class SlotMap {
 public:
  struct Server {
    std::string name;
    bool in_pool = true;  // up and not too far behind: asked first
    bool operator==(const Server&) const = default;
  };

  SlotMap() = default;
  // At most 255 servers, sorted by name; further ones hold nothing.
  SlotMap(std::vector<Server> servers, uint8_t replicas);

  const std::vector<Server>& servers() const { return servers_; }
  const SlotSet& slots_of(const std::string& server) const;
  void fill(wire::Directory& directory) const;

 private:
  std::vector<Server> servers_;
  uint8_t replicas_ = 0;
  std::vector<uint8_t> holders_;
  std::map<std::string, SlotSet> slots_;
};

}  // namespace muster::control
