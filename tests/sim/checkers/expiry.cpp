// A message whose expiry is over is not delivered any more, unless its delivery had begun before
// (3.3.2-5); and one whose expiry is not over is not passed over: what was published after its
// acknowledgement does not come to a persistent session without it.

#include <map>
#include <set>

#include "core/mqtt/share.hpp"
#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Expiry final : public Checker {
 public:
  Expiry(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("expiry", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    if (!got_[delivery.session].try_emplace(delivery.message, delivery).second) return;
    not_late(delivery);
  }
  void delivered_shared(const Delivery& delivery, const std::string& group) override {
    if (shared_.insert({group, delivery.message}).second) not_late(delivery);
  }

  void quiet() override {
    for (const Bond& bond : ledger_.bonds) {
      const Session& session = ledger_.sessions[bond.session];
      if (!session.persistent || session.doubtful || mqtt::is_shared(bond.filter)) continue;
      if (bond.bound == never || bond.qos == 0) continue;
      for (const Message& message : ledger_.messages) {
        if (message.expiry_s && owed(bond, message)) not_passed_over(bond, message);
      }
    }
  }

 private:
  using Got = std::map<uint32_t, Delivery>;  // message

  // Each hop rounds, and what a broken server or link holds back has no age meanwhile.
  void not_late(const Delivery& delivery) const {
    const Message& message = ledger_.messages[delivery.message];
    if (!message.expiry_s || delivery.dup) return;
    if (message.last_sent < ledger_.connections[delivery.connection].deaf_until) return;
    const Duration allowed = seconds(*message.expiry_s) + seconds(2) +
                             ledger_.broken_for(message.last_sent, delivery.emitted);
    const Duration age = delivery.emitted - message.last_sent;
    if (age <= allowed) return;
    broken("{} #{} got m{} after {} ms, its expiry is {} s", ledger_.device_names[delivery.device],
           delivery.connection, message.id, age.count() / 1000, *message.expiry_s);
  }

  bool owed(const Bond& bond, const Message& message) const {
    if (message.qos == 0 || message.acknowledged == never || message.reason >= 0x80) return false;
    if (message.first_sent <= bond.bound) return false;
    if (bond.leaving != never && message.acknowledged >= bond.leaving) return false;
    if (bond.no_local && message.device == bond.device) return false;
    return mqtt::matches(bond.filter, message.topic) &&
           ledger_.calm(bond.asked - seconds(5), message.acknowledged);
  }

  void not_passed_over(const Bond& bond, const Message& message) const {
    const auto found = got_.find(bond.session);
    if (found == got_.end() || found->second.contains(message.id)) return;
    const Instant over = message.first_sent + seconds(*message.expiry_s) - milliseconds(500);
    for (const auto& [id, later] : found->second) {
      const Message& after = ledger_.messages[id];
      if (after.will || later.qos == 0 || after.first_sent <= message.acknowledged) continue;
      if (later.emitted >= over) continue;
      broken("{} ({}) got m{} and not m{}, whose expiry was not over",
             ledger_.device_names[bond.device], bond.filter, id, message.id);
    }
  }

  std::map<uint32_t, Got> got_;                        // session: first arrivals
  std::set<std::pair<std::string, uint32_t>> shared_;  // group, message
};

}  // namespace

std::unique_ptr<Checker> expiry(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Expiry>(context, ledger, cluster);
}

}  // namespace muster::sim
