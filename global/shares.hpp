#pragma once
// Shared subscriptions at global (core/wire/groups.hpp): the members that are persistent sessions
// and take QoS > 0. Brokers hear how many of a group are connected, and send what is for one of
// them; it is appended to the inbox of one, and stored before it counts as taken: connected ones
// first, then the fewest entries, then in turn. What a session leaves unacknowledged when it ends
// goes to another, or, if there is none here, to a broker that routes it again: it may have
// members. Owned by Global, one thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/mqtt/topic_tree.hpp"
#include "core/mqtt/value_set.hpp"
#include "global/inbox.hpp"
#include "global/publications.hpp"
#include "global/routes.hpp"

namespace muster::global {

// A member that is a persistent session.
struct ShareMember {
  Session* session = nullptr;
  uint32_t identifier = 0;
  uint8_t qos = 1;
  bool retain_as_published = false;
};
struct ShareMemberSession {
  Session* operator()(const ShareMember& member) const { return member.session; }
};

class Shares {
 public:
  Shares(Inboxes& inboxes, Routes& routes, Publications& publications)
      : inboxes_(inboxes), routes_(routes), publications_(publications) {}

  // `subscription`: of a group. With QoS 0 it concerns the session's broker alone.
  void subscribe(Session& session, const wire::Subscription& subscription);
  void unsubscribe(Session& session, const std::string& name);
  // Somebody holds the session now, or nobody does any more.
  void moved(Session& session);

  // From a broker: for inboxes, or for the groups that it names.
  void publish(Now now, wire::Publish message);
  // To everybody whom it concerns, at all brokers and here.
  void publish_will(Now now, wire::Publication publication);
  // Of a session that is over: in the open commit it goes to others.
  void left(std::vector<SharedEntry> entries);
  void route_again(Now now);  // before the commit is sealed

  uint64_t groups() const { return groups_.size(); }
  uint64_t again() const { return again_; }
  uint64_t dropped() const { return dropped_; }

 private:
  using Member = ShareMember;
  using Members = mqtt::ValueSet<Member, ShareMemberSession>;
  struct Group {
    Members connected;
    Members away;
    uint32_t last = 0;  // member that was chosen last
  };

  void announce(const std::string& name, const Group& group);
  bool to_group(Now now, const std::string& name, const wire::Publication& publication);
  const Member* pick(Now now, Group& group, const Members& members, size_t bytes);
  std::vector<std::string> to_groups(Now now, const wire::Publication& publication,
                                     BytesView but_not);

  Inboxes& inboxes_;
  Routes& routes_;
  Publications& publications_;
  std::map<std::string, Group> groups_;
  mqtt::TopicTree<const std::string*> tree_;  // filter -> name of the group, which is its key
  std::vector<SharedEntry> left_;
  uint64_t again_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace muster::global
