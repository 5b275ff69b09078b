#include "broker/interests.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

uint64_t Interests::add(BytesView filter, const Subscriber& subscriber, bool is_new) {
  tree_.add(filter, subscriber);
  auto [at, inserted] = filters_.try_emplace(std::string(filter));
  Filter& entry = at->second;
  if (is_new) ++entry.subscribers;
  if (inserted) {
    entry.number = number_ + 1;
    pending_[at->first] = true;
  }
  return entry.number;
}

void Interests::remove(BytesView filter, uint32_t client) {
  Subscriber subscriber;
  subscriber.client = client;
  tree_.remove(filter, subscriber);
  auto at = filters_.find(std::string(filter));
  MUSTER_CHECK(at != filters_.end() && at->second.subscribers > 0);
  if (--at->second.subscribers > 0) return;
  pending_[at->first] = false;
  filters_.erase(at);
}

RouteChange Interests::take_change() {
  RouteChange change;
  change.number = ++number_;
  for (auto& [filter, wanted] : pending_) {
    (wanted ? change.added : change.removed).push_back(filter);
  }
  pending_.clear();
  return change;
}

}  // namespace muster::broker
