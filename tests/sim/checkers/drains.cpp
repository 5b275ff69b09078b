// When everything is whole again everything goes on: who wants to be connected is, what was sent is
// acknowledged, what was asked is granted, and the brokers hold no connection that nobody has.

#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Drains final : public Checker {
 public:
  Drains(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("drains", context, ledger, cluster) {}

  void quiet() override {
    for (const Connection& connection : ledger_.connections) {
      if (connection.accepted == never && connection.ended == never) {
        broken("{} #{} waits for its CONNACK", ledger_.device_names[connection.device],
               connection.id);
      }
    }
    for (const Bond& bond : ledger_.bonds) {
      if (bond.bound == never && ledger_.connections[bond.connection].lives()) {
        broken("{} waits for the SUBACK of {}", ledger_.device_names[bond.device], bond.filter);
      }
    }
    for (const Message& message : ledger_.messages) judge(message);
    count();
  }

 private:
  void judge(const Message& message) const {
    if (message.will || message.qos == 0 || message.acknowledged != never) return;
    if (message.resent_after_loss) {
      if (!ledger_.living(message.device)) return;
    } else {
      const Connection& connection = ledger_.connections[message.connection];
      if (!connection.heeded() || connection.forgot) return;
    }
    broken("{} waits for the PUBACK of m{}", ledger_.device_names[message.device], message.id);
  }

  void count() const {
    std::map<std::string, uint64_t> living;
    for (const Connection& connection : ledger_.connections) {
      if (connection.lives()) ++living[connection.broker];
    }
    for (const std::string& name : Cluster::brokers()) {
      uint64_t held = 0;
      for (const auto& shard : cluster_.broker(name)->shards()) {
        held += shard->mind().counters().connections;
      }
      if (held != living[name]) {
        broken("{} holds {} connections, {} clients are there", name, held, living[name]);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> drains(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Drains>(context, ledger, cluster);
}

}  // namespace muster::sim
