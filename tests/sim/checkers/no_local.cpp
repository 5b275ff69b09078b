// Who subscribes with No Local does not hear itself (3.8.3-3): what a device gets of its own, as it
// is published or retained, comes by a subscription without it. So with what an earlier connection
// published, and its will.

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class NoLocal final : public Checker {
 public:
  NoLocal(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("no_local", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override { judge(delivery); }
  void retained(const Delivery& delivery) override { judge(delivery); }

 private:
  void judge(const Delivery& delivery) const {
    const Message& message = ledger_.messages[delivery.message];
    if (message.device != delivery.device || ledger_.sessions[delivery.session].doubtful) return;
    for (const uint32_t id : ledger_.bonds_of(delivery.session)) {
      const Bond& bond = ledger_.bonds[id];
      const bool there = bond.left == never || bond.left >= message.first_sent;
      if (!bond.no_local && there && mqtt::matches(bond.filter, message.topic)) return;
    }
    broken("{} #{} got m{} {} of its own", ledger_.device_names[delivery.device],
           delivery.connection, message.id, message.topic);
  }
};

}  // namespace

std::unique_ptr<Checker> no_local(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<NoLocal>(context, ledger, cluster);
}

}  // namespace muster::sim
