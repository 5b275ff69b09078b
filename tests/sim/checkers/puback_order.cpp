// PUBACKs of one connection come in the order of its PUBLISHes, PUBRECs of its QoS 2 ones
// [MQTT-4.6.0-2, MQTT-4.6.0-3].

#include <deque>
#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class PubackOrder final : public Checker {
 public:
  PubackOrder(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("puback_order", context, ledger, cluster) {}

  void published(const Connection& connection, const Message& message) override {
    if (message.qos > 0) waiting_[{connection.id, message.qos}].push_back(message.id);
  }

  void acknowledged(const Message& message) override {
    auto& waiting = waiting_[{message.acknowledged_on, message.qos}];
    if (ledger_.connections[message.acknowledged_on].forgot) {  // some of these, nobody heard
      while (!waiting.empty() && waiting.front() != message.id) waiting.pop_front();
    }
    if (waiting.empty() || waiting.front() != message.id) {
      broken("{} #{}: m{} is acknowledged, m{} was sent before it",
             ledger_.device_names[message.device], message.acknowledged_on, message.id,
             waiting.empty() ? 0 : waiting.front());
    }
    waiting.pop_front();
  }

 private:
  std::map<std::pair<uint32_t, uint8_t>, std::deque<uint32_t>> waiting_;  // connection, QoS
};

}  // namespace

std::unique_ptr<Checker> puback_order(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<PubackOrder>(context, ledger, cluster);
}

}  // namespace muster::sim
