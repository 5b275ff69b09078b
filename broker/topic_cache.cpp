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
  target.add_identifier(subscriber.identifier);
}

Target::Seldom& seldom_of(Target& target) {
  if (!target.seldom) target.seldom = LocalPtr<Target::Seldom>::make();
  return *target.seldom;
}

Target nothing_for(const Subscriber& subscriber) {
  Target target;
  target.client = subscriber.client;
  target.no_local = true;
  target.persistent = subscriber.persistent;
  return target;
}

// 3.8.3-3 with overlapping subscriptions: those that say No Local count for others' messages only.
void add_own(std::pmr::vector<Target>& targets, const std::vector<Subscriber>& found) {
  auto first = found.begin();
  for (Target& target : targets) {
    const auto last = std::find_if(first, found.end(),
                                   [&](const Subscriber& s) { return s.client != target.client; });
    const bool some = std::any_of(first, last, [](const Subscriber& s) { return s.no_local; });
    if (some && !target.no_local) {
      auto own = std::make_unique<Target>(nothing_for(*first));
      for (auto at = first; at != last; ++at) {
        if (!at->no_local) join(*own, *at);
      }
      seldom_of(target).own = std::move(own);
    }
    first = last;
  }
}

// Overlapping subscriptions of one client give one copy: the highest QoS, all identifiers
// (3.3.4-2). `found` is ordered by client.
void merge(const std::vector<Subscriber>& found, std::pmr::vector<Target>& targets) {
  targets.clear();
  bool some_no_local = false;
  for (const Subscriber& subscriber : found) {
    if (targets.empty() || targets.back().client != subscriber.client) {
      targets.push_back(nothing_for(subscriber));
    }
    join(targets.back(), subscriber);
    some_no_local |= subscriber.no_local;
  }
  if (some_no_local) add_own(targets, found);
}

}  // namespace

void Target::add_identifier(uint32_t identifier) {
  if (identifier != 0) seldom_of(*this).identifiers.push_back(identifier);
}

uint32_t TopicCache::place_of(BytesView topic) const {
  return index_.find(hash_of(topic), [&](uint32_t at) { return entries_[at].topic == topic; });
}

const Resolved& TopicCache::find(BytesView topic, const Interests& interests, const Routes& routes,
                                 const Groups& groups) {
  uint32_t at = place_of(topic);
  if (at != FlatIndex::none && entries_[at].wildcards == wildcards_) return entries_[at];
  if (at == FlatIndex::none) at = add(topic);
  Resolved& resolved = entries_[at];
  std::vector<Subscriber> found;
  interests.match(topic, [&](const Subscriber& subscriber) { found.push_back(subscriber); });
  std::stable_sort(found.begin(), found.end(),
                   [](const Subscriber& a, const Subscriber& b) { return a.client < b.client; });
  merge(found, resolved.targets);
  resolved.routes = routes.match(topic);
  resolved.groups.clear();
  groups.match(topic, [&](uint32_t group) { resolved.groups.push_back(group); });
  resolved.wildcards = wildcards_;
  std::fill(std::begin(resolved.plain), std::end(resolved.plain), Resolved::Plain::unknown);
  std::fill(std::begin(resolved.plain_here), std::end(resolved.plain_here),
            Resolved::Plain::unknown);
  return resolved;
}

// A place for one that is not known.
uint32_t TopicCache::add(BytesView topic) {
  if (index_.size() >= limit_) {
    entries_.clear();
    unused_.clear();
    index_.clear();
    ++version_;
  }
  if (unused_.empty()) {
    unused_.push_back(static_cast<uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const uint32_t at = unused_.back();
  unused_.pop_back();
  entries_[at].topic = topic;
  index_.insert(hash_of(topic), at);
  return at;
}

const Resolved* TopicCache::peek(BytesView topic) const {
  const uint32_t at = place_of(topic);
  const bool holds = at != FlatIndex::none && entries_[at].wildcards == wildcards_;
  return holds ? &entries_[at] : nullptr;
}

void TopicCache::filter_changed(BytesView filter) {
  if (mqtt::has_wildcard(filter)) {
    all_changed();
    return;
  }
  const uint32_t at = place_of(filter);
  if (at == FlatIndex::none) return;
  index_.erase(hash_of(filter), at);
  entries_[at] = Resolved(&memory_);
  unused_.push_back(at);
  ++version_;
}

void TopicCache::all_changed() {
  ++wildcards_;
  ++version_;
}

}  // namespace muster::broker
