#include "global/shares.hpp"

#include <algorithm>
#include <utility>

#include "core/mqtt/share.hpp"

namespace muster::global {

using wire::ShareWay;

namespace {

constexpr size_t scanned = 64;  // members looked at for one that has fewer entries

bool is_named(BytesView names, BytesView name) {
  while (!names.empty()) {
    const size_t end = std::min(names.find('\0'), names.size());
    if (names.substr(0, end) == name) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

}  // namespace

// ---- members -----------------------------------------------------------------------------------

void Shares::subscribe(Session& session, const wire::Subscription& subscription) {
  const std::string& name = subscription.filter;
  if (subscription.qos == 0) return unsubscribe(session, name);
  const auto [known, is_new] = groups_.try_emplace(name);
  if (is_new) tree_.add(mqtt::shared_filter(known->first), &known->first);
  Members& members = session.hold ? known->second.connected : known->second.away;
  members.add(
      {&session, subscription.identifier, subscription.qos, subscription.retain_as_published});
  announce(name, known->second);
}

void Shares::unsubscribe(Session& session, const std::string& name) {
  const auto known = groups_.find(name);
  if (known == groups_.end()) return;
  Group& group = known->second;
  if (!group.connected.remove({&session}) && !group.away.remove({&session})) return;
  announce(name, group);
  if (!group.connected.empty() || !group.away.empty()) return;
  tree_.remove(mqtt::shared_filter(known->first), &known->first);
  groups_.erase(known);
}

void Shares::moved(Session& session) {
  auto at = session.subscriptions.lower_bound(mqtt::share_prefix);
  for (; at != session.subscriptions.end() && mqtt::is_shared(at->first); ++at) {
    const auto known = groups_.find(at->first);
    if (at->second.qos == 0 || known == groups_.end()) continue;
    Group& group = known->second;
    Members& from = session.hold ? group.away : group.connected;
    const Member* found = from.find({&session});
    if (found == nullptr) continue;
    const Member member = *found;
    from.remove(member);
    (session.hold ? group.connected : group.away).add(member);
    announce(at->first, group);
  }
}

void Shares::announce(const std::string& name, const Group& group) {
  routes_.set_group({name, static_cast<uint32_t>(group.connected.size()), 0,
                     static_cast<uint32_t>(group.away.size())});
}

// ---- publications ------------------------------------------------------------------------------

void Shares::publish(Now now, wire::Publish message) {
  switch (message.way) {
    case ShareWay::none:
      return inboxes_.publish(now, std::move(message.publication));
    case ShareWay::others:
      to_groups(now, message.publication, message.share);
      return;
    case ShareWay::one:
    case ShareWay::passed:
      break;
  }
  if (to_group(now, message.share, message.publication)) return;
  if (message.way == ShareWay::passed) {
    ++dropped_;
    return;
  }
  publications_.route(message.publication, message.share, ShareWay::one);  // it finds an owner
}

std::vector<std::string> Shares::to_groups(Now now, const wire::Publication& publication,
                                           BytesView but_not) {
  std::vector<std::string> names;
  tree_.match(publication.topic, [&](const std::string* name) { names.push_back(*name); });
  std::erase_if(names, [&](const std::string& name) { return is_named(but_not, name); });
  for (const std::string& name : names) to_group(now, name, publication);
  return names;
}

// False: the group has no member here. A full inbox refuses, as always.
bool Shares::to_group(Now now, const std::string& name, const wire::Publication& publication) {
  const auto known = groups_.find(name);
  if (known == groups_.end()) return false;
  Group& group = known->second;
  const size_t bytes =
      publication.topic.size() + publication.payload.size() + publication.properties.size();
  const Member* member = pick(now, group, group.connected, bytes);
  if (member == nullptr) member = pick(now, group, group.away, bytes);
  if (member == nullptr) {
    inboxes_.refuse(group.connected.empty() ? *group.away.begin()->session
                                            : *group.connected.begin()->session);
    return true;
  }
  SharedEntry entry;
  entry.publication = publication;
  entry.name = name;
  entry.qos = std::min(member->qos, publication.qos);
  entry.retain = member->retain_as_published && publication.retain;
  if (member->identifier != 0) entry.identifiers.push_back(member->identifier);
  inboxes_.give(now, *member->session, std::move(entry));
  return true;
}

const Shares::Member* Shares::pick(Now now, Group& group, const Members& members, size_t bytes) {
  if (members.empty()) return nullptr;
  const Member* best = nullptr;
  uint64_t least = UINT64_MAX;
  size_t at = group.last % members.size();
  for (size_t left = std::min(members.size(), scanned); left > 0 && least > 0; --left) {
    at = at + 1 == members.size() ? 0 : at + 1;
    const Member& member = members[at];
    const uint64_t load = member.session->inbox.count;
    if (load >= least || !inboxes_.has_room(now, *member.session, bytes)) continue;
    best = &member;
    least = load;
    group.last = static_cast<uint32_t>(at);
  }
  return best;
}

// One of the brokers finds the groups that have members at brokers only.
void Shares::publish_will(Now now, wire::Publication publication) {
  publications_.publish(publication);
  std::string served;
  if (publication.qos > 0) {
    for (const std::string& name : to_groups(now, publication, {})) {
      if (!served.empty()) served += '\0';
      served += name;
    }
  }
  publications_.route(publication, served, ShareWay::others);
  if (publication.qos > 0) inboxes_.publish(now, std::move(publication));
}

void Shares::left(std::vector<SharedEntry> entries) {
  left_.insert(left_.end(), std::make_move_iterator(entries.begin()),
               std::make_move_iterator(entries.end()));
}

void Shares::route_again(Now now) {
  for (SharedEntry& entry : std::exchange(left_, {})) {
    if (entry.expires_ms != 0) {
      const int64_t left_ms = entry.expires_ms - now.wall.ms;
      if (left_ms <= 0) continue;
      entry.publication.expiry_s = static_cast<uint32_t>((left_ms + 999) / 1000);
    }
    ++again_;
    if (to_group(now, entry.name, entry.publication)) continue;
    publications_.route(entry.publication, entry.name, ShareWay::one);
  }
}

}  // namespace muster::global
