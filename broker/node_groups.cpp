#include "broker/node_groups.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

void NodeGroups::changed(ShardIndex shard, const wire::GroupRoute& route) {
  const auto [known, is_new] = groups_.try_emplace(route.name);
  Group& group = known->second;
  if (is_new) {
    group.by_shard.resize(shards_);
    group.total.name = route.name;
  }
  wire::GroupRoute& own = group.by_shard[static_cast<size_t>(shard)];
  group.total.members += route.members - own.members;
  group.total.members_qos0 += route.members_qos0 - own.members_qos0;
  own = {{}, route.members, route.members_qos0, 0};
  changed_.insert(route.name);
  if (group.total.members_qos0 == 0) groups_.erase(known);
}

ShardIndex NodeGroups::pick(const std::string& name, bool acknowledged) {
  const auto known = groups_.find(name);
  if (known == groups_.end()) return ShardIndex{0};
  Group& group = known->second;
  const auto count = [&](const wire::GroupRoute& route) -> uint64_t {
    return acknowledged ? route.members : route.members_qos0;
  };
  if (count(group.total) == 0) return ShardIndex{0};
  group.turn += 0x9E3779B97F4A7C15u;  // as Groups::pick_owner
  uint64_t place = (group.turn >> 32) * count(group.total) >> 32;
  for (size_t shard = 0; shard < group.by_shard.size(); ++shard) {
    const uint64_t members = count(group.by_shard[shard]);
    if (place < members) return static_cast<ShardIndex>(shard);
    place -= members;
  }
  MUSTER_CHECK(!"counts add up to their total");
  return ShardIndex{0};
}

std::vector<wire::GroupRoute> NodeGroups::totals(const std::set<std::string>& names) const {
  std::vector<wire::GroupRoute> routes;
  routes.reserve(names.size());
  for (const std::string& name : names) {
    const auto known = groups_.find(name);
    routes.push_back(known == groups_.end() ? wire::GroupRoute{name, 0, 0, 0}
                                            : known->second.total);
  }
  return routes;
}

std::vector<wire::GroupRoute> NodeGroups::all() const {
  std::vector<wire::GroupRoute> routes;
  routes.reserve(groups_.size());
  for (const auto& [name, group] : groups_) routes.push_back(group.total);
  return routes;
}

}  // namespace muster::broker
