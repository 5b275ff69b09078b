#include "broker/groups.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/mqtt/share.hpp"

namespace muster::broker {

bool Groups::join(const std::string& name, const Subscriber& member, uint64_t number) {
  Group& group = make(name);
  const bool stored = member.persistent && member.qos != mqtt::Qos::at_most_once;
  const bool replaced = (stored ? group.direct : group.stored).remove(member);
  const bool is_new = (stored ? group.stored : group.direct).add(member);
  const GroupOwner before = owner_of(group, self_);
  count(group);
  const GroupOwner& after = owner_of(group, self_);
  const bool first = before.members == 0 && after.members > 0;
  const bool first_qos0 = before.members_qos0 == 0 && after.members_qos0 > 0;
  if (first || first_qos0) group.number = number;
  if (before.members_qos0 == 0) ++own_groups_;
  return is_new && !replaced;
}

void Groups::leave(const std::string& name, uint32_t client) {
  Group* group = find(name);
  MUSTER_CHECK(group != nullptr);
  Subscriber member;
  member.client = client;
  if (!group->direct.remove(member)) group->stored.remove(member);
  count(*group);
  if (owner_of(*group, self_).members_qos0 == 0) --own_groups_;
  drop_if_empty(name);
}

// Our own counts, and what the others are to hear of them.
void Groups::count(Group& group) {
  GroupOwner& own = owner_of(group, self_);
  own.members = static_cast<uint32_t>(group.direct.size());
  own.members_qos0 = static_cast<uint32_t>(group.direct.size() + group.stored.size());
  pending_[group.name] = {group.name, own.members, own.members_qos0, 0};
}

std::vector<wire::GroupRoute> Groups::take_changes() {
  std::vector<wire::GroupRoute> changes;
  changes.reserve(pending_.size());
  for (auto& [name, route] : pending_) changes.push_back(std::move(route));
  pending_.clear();
  return changes;
}

void Groups::set(GroupTarget target, const wire::GroupRoute& route) {
  MUSTER_CHECK(target != self_);
  const bool none = route.members == 0 && route.members_qos0 == 0 && route.away == 0;
  if (none && find(route.name) == nullptr) return;
  GroupOwner& owner = owner_of(make(route.name), target);
  owner.members = route.members;
  owner.members_qos0 = route.members_qos0;
  owner.away = route.away;
  if (none) drop_if_empty(route.name);
}

void Groups::drop(GroupTarget target) {
  std::vector<std::string> names;
  for (const auto& group : groups_) {
    if (group == nullptr) continue;
    for (const GroupOwner& owner : group->owners) {
      if (owner.target == target) names.push_back(group->name);
    }
  }
  for (const std::string& name : names) set(target, {name, 0, 0, 0});
}

Group* Groups::find(BytesView name) {
  const auto known = by_name_.find(std::string(name));
  return known == by_name_.end() ? nullptr : groups_[known->second].get();
}

Group& Groups::make(const std::string& name) {
  const auto [known, is_new] = by_name_.try_emplace(name);
  if (!is_new) return *groups_[known->second];
  if (unused_.empty()) {
    known->second = static_cast<uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    known->second = unused_.back();
    unused_.pop_back();
  }
  groups_[known->second] = std::make_unique<Group>();
  groups_[known->second]->name = name;
  const BytesView filter = mqtt::shared_filter(name);
  tree_.add(filter, known->second);
  resettled_.emplace_back(filter);
  return *groups_[known->second];
}

// A group lives while anybody has a member.
void Groups::drop_if_empty(const std::string& name) {
  const auto known = by_name_.find(name);
  Group& group = *groups_[known->second];
  std::erase_if(group.owners, [](const GroupOwner& owner) {
    return owner.members_qos0 == 0 && owner.members == 0 && owner.away == 0;
  });
  if (!group.owners.empty()) return;
  const BytesView filter = mqtt::shared_filter(name);
  tree_.remove(filter, known->second);
  resettled_.emplace_back(filter);
  unused_.push_back(known->second);
  groups_[known->second].reset();
  by_name_.erase(known);
}

GroupOwner& Groups::owner_of(Group& group, GroupTarget target) {
  auto& owners = group.owners;
  auto at = std::lower_bound(owners.begin(), owners.end(), target,
                             [](const GroupOwner& a, GroupTarget b) { return a.target < b; });
  if (at == owners.end() || at->target != target) at = owners.insert(at, GroupOwner{target});
  return *at;
}

// Each owner in proportion to its members: the choices walk through [0, 1) in steps of the golden
// ratio, which spreads any number of them evenly.
std::optional<GroupTarget> Groups::pick_owner(Group& group, bool acknowledged) const {
  uint64_t total = 0;
  for (const GroupOwner& owner : group.owners) {
    total += acknowledged ? owner.members : owner.members_qos0;
  }
  if (total == 0) {
    for (const GroupOwner& owner : group.owners) {
      if (acknowledged && owner.away > 0) return owner.target;
    }
    return {};
  }
  group.turn += 0x9E3779B97F4A7C15u;
  uint64_t place = (group.turn >> 32) * total >> 32;  // total: of clients, below 2^32
  for (const GroupOwner& owner : group.owners) {
    const uint64_t members = acknowledged ? owner.members : owner.members_qos0;
    if (place < members) return owner.target;
    place -= members;
  }
  MUSTER_CHECK(!"counts add up to their total");
  return {};
}

}  // namespace muster::broker
