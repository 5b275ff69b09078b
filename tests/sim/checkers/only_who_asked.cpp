// A message comes only to who subscribed to it and has not left since, with the QoS that both sides
// asked for.

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class OnlyWhoAsked final : public Checker {
 public:
  OnlyWhoAsked(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("only_who_asked", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (ledger_.sessions[delivery.session].doubtful) return;
    uint8_t most = 0;
    uint8_t least = 3;  // none
    for (const uint32_t id : ledger_.bonds_of(delivery.session)) {
      const Bond& bond = ledger_.bonds[id];
      if (!mqtt::matches(bond.filter, message.topic)) continue;
      if (!message.will && bond.left != never && message.first_sent > bond.left) continue;
      most = std::max(most, bond.qos);
      least = std::min(least, bond.qos);
    }
    const std::string& name = ledger_.device_names[delivery.device];
    if (least > 2) {
      broken("{} got m{} {} without a subscription", name, message.id, message.topic);
    }
    if (delivery.qos > std::min(most, message.qos) || delivery.qos < std::min(least, message.qos)) {
      broken("{} got m{} with QoS {}, published with {}, subscribed with {} to {}", name,
             message.id, delivery.qos, message.qos, least, most);
    }
  }
};

}  // namespace

std::unique_ptr<Checker> only_who_asked(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<OnlyWhoAsked>(context, ledger, cluster);
}

}  // namespace muster::sim
