#include "broker/interests.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

bool Interests::add(BytesView filter, Subscriber subscriber) {
  const auto* present = tree_.find(filter);
  subscriber.number = present == nullptr ? number_ + 1 : present->begin()->number;
  if (present == nullptr) pending_[std::string(filter)] = true;
  return tree_.add(filter, subscriber);
}

const Subscriber* Interests::find(BytesView filter, uint32_t client) const {
  Subscriber wanted;
  wanted.client = client;
  const auto* present = tree_.find(filter);
  return present == nullptr ? nullptr : present->find(wanted);
}

void Interests::remove(BytesView filter, uint32_t client) {
  Subscriber subscriber;
  subscriber.client = client;
  const bool removed = tree_.remove(filter, subscriber);
  MUSTER_CHECK(removed);
  if (tree_.find(filter) == nullptr) pending_[std::string(filter)] = false;
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
