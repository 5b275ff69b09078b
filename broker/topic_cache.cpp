#include "broker/topic_cache.hpp"

#include <algorithm>

#include "core/mqtt/topic.hpp"

namespace muster::broker {
namespace {

// Overlapping subscriptions of one client give one copy: the highest QoS, all identifiers
// (3.3.4-2). `found` is ordered by client.
std::vector<Target> merge(const std::vector<Subscriber>& found) {
  std::vector<Target> targets;
  for (const Subscriber& subscriber : found) {
    if (targets.empty() || targets.back().client != subscriber.client) {
      Target& fresh = targets.emplace_back();
      fresh.client = subscriber.client;
      fresh.no_local = true;
      fresh.persistent = subscriber.persistent;
    }
    Target& target = targets.back();
    target.qos = std::max(target.qos, subscriber.qos);
    target.retain_as_published |= subscriber.retain_as_published;
    target.no_local = target.no_local && subscriber.no_local;
    if (subscriber.identifier != 0) target.identifiers.push_back(subscriber.identifier);
  }
  return targets;
}

}  // namespace

const Resolved& TopicCache::find(BytesView topic, const Interests& interests,
                                 const Routes& routes, const Groups& groups) {
  auto at = entries_.find(topic);
  if (at != entries_.end() && at->second->wildcards == wildcards_) return *at->second;
  if (at == entries_.end()) {
    if (entries_.size() >= limit_) {
      entries_.clear();
      ++version_;
    }
    at = entries_.emplace(std::string(topic), std::make_unique<Resolved>()).first;
    at->second->topic = topic;
  }
  Resolved& resolved = *at->second;
  std::vector<Subscriber> found;
  interests.match(topic, [&](const Subscriber& subscriber) { found.push_back(subscriber); });
  std::stable_sort(found.begin(), found.end(),
                   [](const Subscriber& a, const Subscriber& b) { return a.client < b.client; });
  resolved.targets = merge(found);
  resolved.routes = routes.match(topic);
  resolved.groups.clear();
  groups.match(topic, [&](uint32_t group) { resolved.groups.push_back(group); });
  resolved.wildcards = wildcards_;
  return resolved;
}

void TopicCache::filter_changed(BytesView filter) {
  if (mqtt::has_wildcard(filter)) {
    all_changed();
    return;
  }
  auto at = entries_.find(filter);
  if (at == entries_.end()) return;
  entries_.erase(at);
  ++version_;
}

void TopicCache::all_changed() {
  ++wildcards_;
  ++version_;
}

}  // namespace muster::broker
