#include "broker/interests.hpp"

#include <algorithm>
#include <utility>

#include "core/base/check.hpp"

namespace muster::broker {

bool Interests::add(BytesView filter, Subscriber subscriber) {
  const auto* present = tree_.find(filter);
  subscriber.number = present == nullptr ? number_ + 1 : present->begin()->number;
  if (present == nullptr) added_.emplace_back(filter);
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
  withdrawn_.emplace_back(filter);
}

RouteChange Interests::take_change(uint64_t bound) {
  RouteChange change;
  const bool withdraws = withdrawing_ <= bound;
  change.number = ++number_;
  change.added = std::exchange(added_, {});
  std::erase_if(change.added, [&](const std::string& filter) { return !tree_.find(filter); });
  // A share of what waits: however fast they come, what waits is a few round trips' worth.
  const size_t slice = std::max(withdrawn_at_once, withdrawn_.size() / 8);
  while (withdraws && !withdrawn_.empty() && change.removed.size() < slice) {
    if (!tree_.find(withdrawn_.back())) change.removed.push_back(std::move(withdrawn_.back()));
    withdrawn_.pop_back();
  }
  if (withdrawn_.empty()) withdrawn_.shrink_to_fit();
  if (!change.removed.empty()) withdrawing_ = number_;
  return change;
}

}  // namespace muster::broker
