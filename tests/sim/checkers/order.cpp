// First arrivals are in publishing order: through an inbox per publisher and topic, on the direct
// way per connection of the publisher and topic; each QoS by itself (MQTT-4.6.0-5). A publisher
// that does not send again what was lost promises an order only within one of its connections.

#include <map>
#include <set>
#include <tuple>

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Order final : public Checker {
 public:
  Order(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("order", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (message.will) return;
    const bool inbox = ledger_.sessions[delivery.session].persistent && delivery.qos > 0;
    const uint32_t scope = inbox ? delivery.session : delivery.connection;
    // What a session has got on either way is not new to it when it comes through its inbox.
    const bool heard = !heard_.insert({delivery.session, message.id}).second;
    if (inbox ? heard : !seen_.insert({delivery.connection, message.id}).second) return;
    // Sent when this subscription was not there, heard when its publisher sent it again or when
    // a broker that had been cut off passed on its older copy.
    // Or its first copy has expired on its way.
    const bool may_be_new = !inbox || message.expiry_s || !bound_before(delivery, message);
    if (message.sent > 1 && may_be_new) return;
    const bool resent = inbox && message.resent_after_loss;
    const Key key{
        inbox,         scope,       message.device, resent ? UINT32_MAX : message.connection,
        message.topic, message.qos, delivery.qos};
    uint32_t& last = last_[key];
    if (message.id < last) {
      broken("{} got m{} {} of {} after m{}", ledger_.device_names[delivery.device], message.id,
             message.topic, ledger_.device_names[message.device], last);
    }
    last = message.id;
  }

 private:
  // Some subscription has been there from its first sending until its acknowledgement.
  bool bound_before(const Delivery& delivery, const Message& message) const {
    for (const uint32_t id : ledger_.bonds_of(delivery.session)) {
      const Bond& bond = ledger_.bonds[id];
      const bool heard =
          bond.qos > 0 && bond.bound < message.first_sent && bond.leaving >= message.acknowledged;
      if (bond.no_local && bond.device == message.device) continue;
      if (heard && mqtt::matches(bond.filter, message.topic)) return true;
    }
    return false;
  }

  using Key = std::tuple<bool, uint32_t, uint32_t, uint32_t, std::string, uint8_t, uint8_t>;
  std::set<std::pair<uint32_t, uint32_t>> heard_;  // session, message
  std::set<std::pair<uint32_t, uint32_t>> seen_;   // connection, message
  std::map<Key, uint32_t> last_;
};

}  // namespace

std::unique_ptr<Checker> order(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Order>(context, ledger, cluster);
}

}  // namespace muster::sim
