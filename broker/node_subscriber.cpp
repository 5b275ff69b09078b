#include "broker/node_subscriber.hpp"

#include <utility>

namespace muster::broker {

void NodeSubscriber::begin(Position at_least) {
  snapshot_.begin(at_least);
  users_after.clear();
  users_done = false;
  page_.clear();
  waiting_.clear();
  order_.clear();
}

void NodeSubscriber::skip() {
  snapshot_.skip();
  users_done = true;
}

void NodeSubscriber::change(PresenceItemPtr item, NodeCounters& counters) {
  const auto [at, is_new] = waiting_.try_emplace(item->key);
  if (is_new) {
    order_.push_back(item->key);
  } else {
    ++at->second.skipped;
    ++counters.presence_skipped;
  }
  at->second.item = std::move(item);
}

std::optional<PresenceRows> NodeSubscriber::take(size_t rows, NodeCounters& counters) {
  if (under_way_ || (page_.empty() && waiting_.empty())) return std::nullopt;
  PresenceRows letter;
  letter.client = open_.client;
  letter.subscription = open_.subscription;
  for (const PresenceItemPtr& item : std::exchange(page_, {})) {
    letter.rows.push_back({item->topic, item->payload, true});
  }
  for (size_t count = 0; count < rows && !order_.empty(); ++count) {
    const auto at = waiting_.find(order_.front());
    const Waiting& next = at->second;
    letter.rows.push_back({next.item->topic, presence_payload(*next.item, next.skipped), false});
    waiting_.erase(at);
    order_.pop_front();
  }
  counters.presence_rows += letter.rows.size();
  under_way_ = true;
  return letter;
}

}  // namespace muster::broker
