#include "global/routes.hpp"

#include <algorithm>
#include <utility>

namespace muster::global {
namespace {

constexpr size_t backlog_bytes = 16 << 20;  // on the way to a broker; over it: a snapshot later

}  // namespace

void Routes::add(const std::string& filter) {
  const auto [found, is_new] = filters_.try_emplace(filter);
  ++found->second.sessions;
  if (!is_new) return;
  if (removed_.erase(filter) > 0) {
    found->second.number = number_;  // nobody was told that it goes
  } else {
    found->second.number = number_ + 1;
    added_.insert(filter);
    awaited_ = true;
  }
}

void Routes::remove(const std::string& filter) {
  const auto found = filters_.find(filter);
  MUSTER_CHECK(found != filters_.end());
  if (--found->second.sessions > 0) return;
  filters_.erase(found);
  if (added_.erase(filter) == 0) removed_.insert(filter);
}

uint64_t Routes::number_of(const std::string& filter) const {
  if (const auto group = groups_.find(filter); group != groups_.end()) return group->second.number;
  const auto found = filters_.find(filter);
  return found == filters_.end() ? 0 : found->second.number;
}

void Routes::set_group(const wire::GroupRoute& route) {
  changed_groups_[route.name] = route;
  if (route.members == 0 && route.away == 0) {
    groups_.erase(route.name);
    return;
  }
  const auto [known, is_new] = groups_.try_emplace(route.name);
  known->second.route = route;
  if (!is_new) return;
  known->second.number = number_ + 1;
  awaited_ = true;
}

void Routes::greet(Broker& broker) {
  broker.routes_taken = 0;
  snapshot(broker);
}

void Routes::snapshot(Broker& broker) {
  behind_.erase(broker.incarnation());
  // One message: in parts there would be a moment when a broker has forgotten the old routes and
  // does not yet have all new ones, and what it then acknowledges would not be in its inbox.
  wire::Routes routes{number_, true, {}, {}, {}};
  routes.added.reserve(filters_.size());
  for (const auto& [filter, state] : filters_) routes.added.push_back(filter);
  for (const auto& [name, group] : groups_) routes.groups.push_back(group.route);
  ledger_.say(broker.name(), broker.incarnation(), std::move(routes));
}

void Routes::taken(Broker& broker, uint64_t number) {
  broker.routes_taken = std::max(broker.routes_taken, number);
}

void Routes::announce(const wire::Links& links) {
  if (awaited_ || !removed_.empty() || !changed_groups_.empty()) {
    awaited_ = false;
    ++number_;
    const std::vector<std::string> added(added_.begin(), added_.end());
    const std::vector<std::string> removed(removed_.begin(), removed_.end());
    std::vector<wire::GroupRoute> groups;
    for (const auto& [name, route] : changed_groups_) groups.push_back(route);
    for (auto& [incarnation, broker] : brokers_.all()) {
      if (broker.dead() || broker.streams == 0 || behind_.contains(incarnation)) continue;
      if (links.waiting_bytes(broker.name()) > backlog_bytes) {
        behind_.insert(incarnation);
        continue;
      }
      ledger_.say(broker.name(), incarnation, wire::Routes{number_, false, added, removed, groups});
    }
    added_.clear();
    removed_.clear();
    changed_groups_.clear();
  }
  for (const Incarnation incarnation : std::set<Incarnation>(behind_)) {
    Broker* broker = brokers_.living(incarnation);
    if (!broker) {
      behind_.erase(incarnation);
    } else if (links.waiting_bytes(broker->name()) < backlog_bytes / 2) {
      snapshot(*broker);
    }
  }
}

bool Routes::is_bound(Now now, uint64_t number) const {
  for (const auto& [incarnation, broker] : brokers_.all()) {
    if (broker.routes_taken < number && brokers_.has_lease(now, incarnation)) return false;
  }
  return true;
}

std::vector<SubscribeWait> Routes::settled(Now now) {
  std::vector<SubscribeWait> done;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    if (!is_bound(now, waiting->routes)) {
      ++waiting;
      continue;
    }
    done.push_back(std::move(*waiting));
    waiting = waiting_.erase(waiting);
  }
  return done;
}

}  // namespace muster::global
