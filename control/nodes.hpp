#pragma once
// The nodes of the cluster as their hellos told: also those that are down, so that others find them
// again. Owned by Control, one thread. Bound: nodes_max; the one that is gone for longest leaves.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/node.hpp"

namespace muster::control {

class Nodes {
 public:
  explicit Nodes(uint32_t nodes_max) : nodes_max_(nodes_max) {}

  // True: the directory reads differently now.
  bool up(Now now, const wire::NodeInfo& node);
  void down(Now now, const std::string& name);

  bool is_up(const std::string& name) const;
  std::vector<wire::NodeInfo> list() const;  // by name
  size_t size() const { return nodes_.size(); }
  size_t up_count() const;

  // Query servers that are up, or were within `grace`: they keep their slots.
  std::vector<std::string> query_servers(Now now, Duration grace) const;
  // When the next one loses its slots.
  Instant next_loss(Now now, Duration grace) const;

 private:
  struct Node {
    wire::NodeInfo info;
    bool up = false;
    Instant down_since{};
  };
  void make_room();

  const uint32_t nodes_max_;
  std::map<std::string, Node> nodes_;
};

}  // namespace muster::control
