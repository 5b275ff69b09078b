#include "broker/interests.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

bool Interests::add(BytesView filter, const Subscriber& subscriber) {
  if (!tree_.add(filter, subscriber)) return false;
  auto [at, announced] = filters_.try_emplace(std::string(filter));
  ++at->second.subscribers;
  if (announced) {
    at->second.number = number_ + 1;
    pending_[at->first] = true;
  }
  return true;
}

const Subscriber* Interests::find(BytesView filter, uint32_t client) const {
  Subscriber wanted;
  wanted.client = client;
  return tree_.find(filter, wanted);
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
