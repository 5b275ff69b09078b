#pragma once
// What this shard's own clients want: filter -> subscribers. A route is announced when the first of
// a filter comes and withdrawn when the last goes. Route numbers: each turn's change travels as one
// RouteChange; a filter is bound once its number is acknowledged by all.

#include <cstdint>
#include <set>
#include <string>

#include "broker/letters.hpp"
#include "core/mqtt/packet.hpp"
#include "core/mqtt/topic_tree.hpp"

namespace muster::broker {

struct Subscriber {
  uint32_t client = 0;
  uint32_t identifier = 0;  // subscription identifier, 0: none
  mqtt::Qos qos = mqtt::Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  bool persistent = false;  // QoS > 0 comes through its inbox
  uint64_t number = 0;      // of the route, once others know of the filter; kept by Interests
};
// One subscription a client and filter: a later one replaces it.
struct SubscriberClient {
  uint32_t operator()(const Subscriber& subscriber) const { return subscriber.client; }
};

class Interests {
 public:
  static constexpr size_t withdrawn_a_turn = 4096;

  // Adds, or replaces this client's; true if it is new.
  bool add(BytesView filter, Subscriber subscriber);
  void remove(BytesView filter, uint32_t client);

  template <class Visit>
  void match(BytesView topic, Visit&& visit) const {
    tree_.match(topic, visit);
  }

  // This client's subscription with exactly this filter. Dies with the next change.
  const Subscriber* find(BytesView filter, uint32_t client) const;

  // The route number after which a wanted filter is bound.
  uint64_t number(BytesView filter) const { return tree_.find(filter)->begin()->number; }
  bool changed() const { return !added_.empty() || !withdrawn_.empty(); }
  uint64_t next_number() const { return number_ + 1; }  // of the RouteChange of this turn
  // This turn's; only when there is one. What many subscriptions that end at once withdraw goes
  // over several turns, withdrawn_a_turn each: a route that stands too long does no harm.
  RouteChange take_change();

 private:
  mqtt::TopicTree<Subscriber, SubscriberClient> tree_;
  std::set<std::string> added_;      // in this turn
  std::set<std::string> withdrawn_;  // not announced yet
  uint64_t number_ = 0;              // of the last RouteChange
};

}  // namespace muster::broker
