#pragma once
// The groups of shared subscriptions (core/wire/groups.hpp) that this broker's shards have members
// of: how many each shard has, for what comes from other nodes, and how many all have, for what
// they are told. Owned by NodeRoutes, on its thread.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/letters.hpp"

namespace muster::broker {

class NodeGroups {
 public:
  explicit NodeGroups(uint16_t shards) : shards_(shards) {}

  void changed(ShardIndex shard, const wire::GroupRoute& route);
  // The shard that gets a publication of this group; without members, one that passes it on.
  ShardIndex pick(const std::string& name, bool acknowledged);

  std::set<std::string> take_changed() { return std::exchange(changed_, {}); }  // not announced yet
  bool has_changed() const { return !changed_.empty(); }
  std::vector<wire::GroupRoute> totals(const std::set<std::string>& names) const;
  std::vector<wire::GroupRoute> all() const;
  size_t size() const { return groups_.size(); }

 private:
  struct Group {
    std::vector<wire::GroupRoute> by_shard;  // unnamed
    wire::GroupRoute total;
    uint64_t turn = 0;
  };
  uint16_t shards_;
  std::map<std::string, Group> groups_;
  std::set<std::string> changed_;
};

}  // namespace muster::broker
