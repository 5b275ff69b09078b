#pragma once
// What this shard's own clients want: filter -> subscribers, and how many share each filter, so
// that a route is announced when the first comes and withdrawn when the last goes. Route numbers:
// each turn's change travels as one RouteChange; a filter is bound once its number is acknowledged
// by all.

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

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
};
// One subscription a client and filter: a later one replaces it.
struct SubscriberClient {
  uint32_t operator()(const Subscriber& subscriber) const { return subscriber.client; }
};

class Interests {
 public:
  // Adds, or replaces this client's; true if it is new.
  bool add(BytesView filter, const Subscriber& subscriber);
  void remove(BytesView filter, uint32_t client);

  template <class Visit>
  void match(BytesView topic, Visit&& visit) const {
    tree_.match(topic, visit);
  }

  // This client's subscription with exactly this filter. Dies with the next change.
  const Subscriber* find(BytesView filter, uint32_t client) const;

  // The route number after which a wanted filter is bound.
  uint64_t number(const std::string& filter) const { return filters_.at(filter).number; }
  bool changed() const { return !pending_.empty(); }
  uint64_t next_number() const { return number_ + 1; }  // of the RouteChange of this turn
  RouteChange take_change();                            // this turn's; only when there is one
  uint64_t filters() const { return filters_.size(); }

 private:
  struct Filter {
    uint32_t subscribers = 0;
    uint64_t number = 0;
  };
  mqtt::TopicTree<Subscriber, SubscriberClient> tree_;
  std::unordered_map<std::string, Filter> filters_;
  std::map<std::string, bool> pending_;  // filter -> wanted at the end of the turn
  uint64_t number_ = 0;                  // of the last RouteChange
};

}  // namespace muster::broker
