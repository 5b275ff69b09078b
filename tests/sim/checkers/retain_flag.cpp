// What is forwarded has RETAIN as it was published if its subscriber asked for that, and otherwise
// not (3.3.1-12, 3.3.1-13). All subscriptions of a device are alike in this.

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class RetainFlag final : public Checker {
 public:
  RetainFlag(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("retain_flag", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const auto& bonds = ledger_.bonds_of(delivery.session);
    if (bonds.empty()) return;  // that is for other rules
    const Message& message = ledger_.messages[delivery.message];
    const bool expected = message.retain && ledger_.bonds[bonds.front()].as_published;
    if (delivery.retain == expected) return;
    broken("{} #{} got m{} {} {} RETAIN", ledger_.device_names[delivery.device],
           delivery.connection, message.id, message.topic, expected ? "without" : "with");
  }
};

}  // namespace

std::unique_ptr<Checker> retain_flag(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<RetainFlag>(context, ledger, cluster);
}

}  // namespace muster::sim
