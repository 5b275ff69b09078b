#include "broker/topic_cache.hpp"

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/mqtt/topic.hpp"

namespace muster::broker {
namespace {

void join(Target& target, const Subscriber& subscriber) {
  target.qos = std::max(target.qos, subscriber.qos);
  target.retain_as_published |= subscriber.retain_as_published;
  target.no_local = target.no_local && subscriber.no_local;
  if (subscriber.identifier != 0) target.identifiers.push_back(subscriber.identifier);
}

Target nothing_for(const Subscriber& subscriber) {
  Target target;
  target.client = subscriber.client;
  target.no_local = true;
  target.persistent = subscriber.persistent;
  return target;
}

// 3.8.3-3 with overlapping subscriptions: those that say No Local count for others' messages only.
void add_own(std::vector<Target>& targets, const std::vector<Subscriber>& found) {
  auto first = found.begin();
  for (Target& target : targets) {
    const auto last = std::find_if(first, found.end(),
                                   [&](const Subscriber& s) { return s.client != target.client; });
    const bool some = std::any_of(first, last, [](const Subscriber& s) { return s.no_local; });
    if (some && !target.no_local) {
      auto own = std::make_shared<Target>(nothing_for(*first));
      for (auto at = first; at != last; ++at) {
        if (!at->no_local) join(*own, *at);
      }
      target.own = std::move(own);
    }
    first = last;
  }
}

// Overlapping subscriptions of one client give one copy: the highest QoS, all identifiers
// (3.3.4-2). `found` is ordered by client.
std::vector<Target> merge(const std::vector<Subscriber>& found) {
  std::vector<Target> targets;
  bool some_no_local = false;
  for (const Subscriber& subscriber : found) {
    if (targets.empty() || targets.back().client != subscriber.client) {
      targets.push_back(nothing_for(subscriber));
    }
    join(targets.back(), subscriber);
    some_no_local |= subscriber.no_local;
  }
  if (some_no_local) add_own(targets, found);
  return targets;
}

}  // namespace

size_t TopicCache::Hash::operator()(std::string_view text) const {
  return hash_of(text);
}

const Resolved& TopicCache::find(BytesView topic, const Interests& interests, const Routes& routes,
                                 const Groups& groups) {
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
  std::fill(std::begin(resolved.plain), std::end(resolved.plain), Resolved::Plain::unknown);
  std::fill(std::begin(resolved.plain_here), std::end(resolved.plain_here),
            Resolved::Plain::unknown);
  return resolved;
}

const Resolved* TopicCache::peek(BytesView topic) const {
  const auto at = entries_.find(topic);
  return at != entries_.end() && at->second->wildcards == wildcards_ ? at->second.get() : nullptr;
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
