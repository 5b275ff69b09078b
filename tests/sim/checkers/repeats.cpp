// A message comes again only with DUP, or because its publisher sent it again; and not at all when
// the client had acknowledged it long ago and nothing was broken since.

#include <map>

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Repeats final : public Checker {
 public:
  Repeats(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("repeats", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    if (delivery.qos > 0) {
      unacknowledged_[{delivery.connection, delivery.packet_id}] = {delivery.session,
                                                                    delivery.message};
    }
    const auto [it, first] = got_.try_emplace({delivery.session, delivery.message});
    const Message& message = ledger_.messages[delivery.message];
    // A subscription that changes its QoS meanwhile may hear a message on both ways; and a device
    // that has moved to another broker may meet there a QoS 0 message that it heard at the first.
    const bool moved = delivery.qos == 0 && it->second.connection != delivery.connection;
    if (first || message.sent > 1 || moved || sent_anew(message) ||
        (delivery.qos != it->second.qos && rebound(delivery, message))) {
      it->second.connection = delivery.connection;
      it->second.qos = delivery.qos;
      return;
    }
    if (!delivery.dup || it->second.connection == delivery.connection) {
      broken("{} #{} got m{} a second time{}", ledger_.device_names[delivery.device],
             delivery.connection, delivery.message, delivery.dup ? "" : " without DUP");
    }
    const Instant acknowledged = it->second.acknowledged;
    const Instant ended =
        std::min(ledger_.connections[it->second.connection].ended, context_.now());
    if (acknowledged != never && acknowledged + seconds(5) < ended &&
        ledger_.calm(acknowledged - seconds(2), acknowledged + seconds(5))) {
      broken("{} #{} got m{} again that it had acknowledged long before",
             ledger_.device_names[delivery.device], delivery.connection, delivery.message);
    }
    it->second.connection = delivery.connection;
  }

  void client_acknowledged(const Connection& connection, uint16_t packet_id) override {
    const auto it = unacknowledged_.find({connection.id, packet_id});
    if (it == unacknowledged_.end()) return;
    got_[it->second].acknowledged = context_.now();
    unacknowledged_.erase(it);
  }

 private:
  bool rebound(const Delivery& delivery, const Message& message) const {
    uint32_t matching = 0;
    for (const uint32_t id : ledger_.bonds_of(delivery.session)) {
      if (mqtt::matches(ledger_.bonds[id].filter, message.topic)) ++matching;
    }
    return matching > 1;
  }

  // A broker that was judged dead says again under its new incarnation whatever nobody has
  // acknowledged: it may have been taken.
  bool sent_anew(const Message& message) const {
    const BrokerProcess* broker = cluster_.broker(ledger_.connections[message.connection].broker);
    return broker && broker->node().counters().deposed > 0;
  }

  struct Got {
    uint8_t qos = 0;
    uint32_t connection = 0;  // the last on which it came
    Instant acknowledged = never;
  };
  std::map<std::pair<uint32_t, uint32_t>, Got> got_;  // session, message
  std::map<std::pair<uint32_t, uint16_t>, std::pair<uint32_t, uint32_t>> unacknowledged_;
};

}  // namespace

std::unique_ptr<Checker> repeats(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Repeats>(context, ledger, cluster);
}

}  // namespace muster::sim
