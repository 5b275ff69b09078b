// A session has at most one live owner: once a younger connection was accepted nothing more of the
// inbox leaves towards the older one, and when all is quiet nobody is connected twice.

#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class OneOwner final : public Checker {
 public:
  OneOwner(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("one_owner", context, ledger, cluster) {}

  void accepted(const Connection& connection) override {
    if (connection.persistent) youngest_[connection.session] = connection.id;
  }

  void delivered_late(const Delivery& delivery) override {
    if (delivery.qos == 0) return;
    const auto it = youngest_.find(delivery.session);
    if (it == youngest_.end() || it->second <= delivery.connection) return;
    const Connection& younger = ledger_.connections[it->second];
    if (younger.accepted >= delivery.emitted) return;
    broken("{}: m{} left towards #{} after #{} was accepted", ledger_.device_names[delivery.device],
           delivery.message, delivery.connection, younger.id);
  }

  void quiet() override {
    std::map<uint32_t, uint32_t> living;
    for (const Connection& connection : ledger_.connections) {
      if (!connection.lives()) continue;
      const auto [it, first] = living.try_emplace(connection.device, connection.id);
      if (first) continue;
      broken("{} is connected twice, #{} and #{}", ledger_.device_names[connection.device],
             it->second, connection.id);
    }
  }

 private:
  std::map<uint32_t, uint32_t> youngest_;  // session -> connection
};

}  // namespace

std::unique_ptr<Checker> one_owner(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<OneOwner>(context, ledger, cluster);
}

}  // namespace muster::sim
