#include "broker/interests.hpp"

#include "core/base/check.hpp"

namespace muster::broker {

bool Interests::add(BytesView filter, Subscriber subscriber) {
  const auto* present = tree_.find(filter);
  subscriber.number = present == nullptr ? number_ + 1 : present->begin()->number;
  if (present == nullptr) {
    withdrawn_.erase(std::string(filter));
    added_.emplace(filter);
  }
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
  if (tree_.find(filter) != nullptr) return;
  added_.erase(std::string(filter));
  withdrawn_.emplace(filter);
}

RouteChange Interests::take_change() {
  RouteChange change;
  change.number = ++number_;
  const auto take = [](std::set<std::string>& from) {
    return std::move(from.extract(from.begin()).value());
  };
  while (!added_.empty()) change.added.push_back(take(added_));
  while (!withdrawn_.empty() && change.removed.size() < withdrawn_a_turn) {
    change.removed.push_back(take(withdrawn_));
  }
  return change;
}

}  // namespace muster::broker
