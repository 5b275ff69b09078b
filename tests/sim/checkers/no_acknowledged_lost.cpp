// Every PUBLISH that was acknowledged and owed to a persistent subscription is delivered. Owed: the
// subscription was bound (SUBACK) before the message was first sent, and its filter matches; at a
// broker whose lease was over at SUBACK, it was bound when that broker had heard of the route.

#include <set>

#include "core/mqtt/topic.hpp"
#include "tests/sim/bindings.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class NoAcknowledgedLost final : public Checker {
 public:
  NoAcknowledgedLost(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("no_acknowledged_lost", context, ledger, cluster), bindings_(context, cluster) {}

  void sent(const std::string& from, const std::string& to, const wire::Message& message) override {
    bindings_.sent(from, to, message);
  }
  void arrived(const std::string& from, const std::string& to,
               const wire::Message& message) override {
    bindings_.arrived(from, to, message);
  }

  void delivered(const Delivery& delivery) override {
    got_.insert({delivery.session, delivery.message});
  }

  void quiet() override {
    for (const Bond& bond : ledger_.bonds) {
      const Session& session = ledger_.sessions[bond.session];
      if (!session.persistent || session.ended != never || session.doubtful) continue;
      if (bond.bound == never || bond.qos == 0) continue;
      for (const Message& message : ledger_.messages) judge(bond, message);
    }
  }

 private:
  void judge(const Bond& bond, const Message& message) const {
    const bool acknowledged =
        message.acknowledged != never && message.reason < 0x80 && message.qos > 0;
    if (!acknowledged || message.will || message.first_sent <= bond.bound) return;
    if (bond.leaving != never && message.acknowledged >= bond.leaving) return;
    if (bond.no_local && message.device == bond.device) return;
    if (message.expiry_s) return;  // `expiry` knows of those
    if (!mqtt::matches(bond.filter, message.topic)) return;
    if (got_.contains({bond.session, message.id})) return;
    const Connection& publisher = ledger_.connections[message.acknowledged_on];
    if (!bindings_.leased(publisher.broker, bond.bound) &&
        bindings_.unknown_at(publisher.broker, publisher.broker_start, bond.filter,
                             message.last_sent)) {
      return;
    }
    broken("m{} {} acknowledged to {} is missing at {} ({})", message.id, message.topic,
           ledger_.device_names[message.device], ledger_.device_names[bond.device], bond.filter);
  }

  Bindings bindings_;
  std::set<std::pair<uint32_t, uint32_t>> got_;  // session, message
};

}  // namespace

std::unique_ptr<Checker> no_acknowledged_lost(Context& context, const Ledger& ledger,
                                              Cluster& cluster) {
  return std::make_unique<NoAcknowledgedLost>(context, ledger, cluster);
}

}  // namespace muster::sim
