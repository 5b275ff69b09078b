#pragma once
// What this shard's own clients want: filter -> subscribers. A route is announced when the first of
// a filter comes and withdrawn when the last goes. Route numbers: each turn's change travels as one
// RouteChange; a filter is bound once its number is acknowledged by all.

#include <cstdint>
#include <string>
#include <vector>

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
  static constexpr size_t withdrawn_at_once = 4096;  // or an eighth, if that is more

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
  // `bound`: up to which number others know our routes.
  bool changed(uint64_t bound) const {
    return !added_.empty() || (!withdrawn_.empty() && withdrawing_ <= bound);
  }
  uint64_t next_number() const { return number_ + 1; }  // of the RouteChange of this turn
  // This turn's; only when there is one. A route that stands too long does no harm: so what many
  // subscriptions that end at once withdraw goes in slices, each when others know the last one.
  RouteChange take_change(uint64_t bound);

 private:
  mqtt::TopicTree<Subscriber, SubscriberClient> tree_;
  std::vector<std::string> added_;      // in this turn; what is not wanted any more is skipped
  std::vector<std::string> withdrawn_;  // not announced yet; what is wanted again is skipped
  uint64_t number_ = 0;                 // of the last RouteChange
  uint64_t withdrawing_ = 0;            // of the last one that withdrew something
};

}  // namespace muster::broker
