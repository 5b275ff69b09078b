#pragma once
// Shared subscriptions in one shard: the groups (core/wire/groups.hpp), those of their members that
// are this shard's clients, and how many members each other shard and node has. Whoever publishes
// picks an owner by these counts, an owner picks the member: the least in flight, then in turn.
// Both choices follow from what was chosen before. Owned by one shard.
//
// However many members a group has, join and leave cost the same. Which topics a group matches
// changes only when it comes or goes, so members come and go without touching the topic cache.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/interests.hpp"
#include "broker/letters.hpp"
#include "core/mqtt/topic_tree.hpp"
#include "core/mqtt/value_set.hpp"

namespace muster::broker {

// A shard of this broker (0..63) or another node (64 + PeerIndex).
using GroupTarget = uint8_t;
constexpr GroupTarget peer_target(PeerIndex peer) {
  return static_cast<GroupTarget>(64 + peer);
}

struct GroupOwner {
  GroupTarget target = 0;
  uint32_t members = 0;
  uint32_t members_qos0 = 0;
  uint32_t away = 0;
};

struct Group {
  using Members = mqtt::ValueSet<Subscriber, SubscriberClient>;

  std::string name;
  std::vector<GroupOwner> owners;  // by target; this shard is one
  Members direct;                  // clean sessions, and QoS 0 of persistent ones
  Members stored;                  // QoS > 0 of persistent ones: only for QoS 0 publications
  uint64_t number = 0;             // route number after which others know that we have members
  uint64_t turn = 0;               // of the choice of an owner
  uint32_t last = 0;               // member that was chosen last
};

class Groups {
 public:
  static constexpr uint32_t scanned = 64;  // members looked at for one that has less in flight

  explicit Groups(uint16_t self) : self_(static_cast<GroupTarget>(self)) {}

  // ---- our members. `number`: of the RouteChange that this turn ends with.
  bool join(const std::string& name, const Subscriber& member, uint64_t number);  // false: replaced
  void leave(const std::string& name, uint32_t client);
  uint64_t own_groups() const { return own_groups_; }
  bool changed() const { return !pending_.empty(); }
  std::vector<wire::GroupRoute> take_changes();  // our counts

  // ---- the others' members.
  void set(GroupTarget target, const wire::GroupRoute& route);
  void drop(GroupTarget target);

  // Filters of groups that came or went since: what they matched is to be found anew.
  std::vector<std::string> take_resettled() { return std::exchange(resettled_, {}); }

  // ---- to whom. Group numbers are valid while the topic cache is.
  template <class Visit>
  void match(BytesView topic, Visit&& visit) const {
    if (!tree_.empty()) tree_.match(topic, visit);
  }
  Group& at(uint32_t number) { return *groups_[number]; }
  Group* find(BytesView name);

  std::optional<GroupTarget> pick_owner(Group& group, bool acknowledged) const;

  // `load`: of a client, 0: idle. nullptr: nobody here takes it.
  template <class Load>
  static const Subscriber* pick_member(Group& group, bool acknowledged, Load&& load);

 private:
  Group& make(const std::string& name);
  void drop_if_empty(const std::string& name);
  void count(Group& group);
  static GroupOwner& owner_of(Group& group, GroupTarget target);

  GroupTarget self_;
  std::vector<std::unique_ptr<Group>> groups_;  // by number
  std::vector<uint32_t> unused_;
  std::unordered_map<std::string, uint32_t> by_name_;
  mqtt::TopicTree<uint32_t> tree_;  // filter -> groups
  std::map<std::string, wire::GroupRoute> pending_;
  std::vector<std::string> resettled_;
  uint64_t own_groups_ = 0;
};

template <class Load>
const Subscriber* Groups::pick_member(Group& group, bool acknowledged, Load&& load) {
  const size_t direct = group.direct.size();
  const size_t count = direct + (acknowledged ? 0 : group.stored.size());
  if (count == 0) return nullptr;
  const auto member = [&](size_t at) -> const Subscriber& {
    return at < direct ? group.direct[at] : group.stored[at - direct];
  };
  size_t at = group.last % count;
  size_t best = count;
  uint64_t least = UINT64_MAX;
  for (size_t left = std::min<size_t>(count, scanned); left > 0 && least > 0; --left) {
    at = at + 1 == count ? 0 : at + 1;
    const uint64_t its = load(member(at));
    if (best != count && its >= least) continue;
    best = at;
    least = its;
  }
  group.last = static_cast<uint32_t>(best);
  return &member(best);
}

}  // namespace muster::broker
