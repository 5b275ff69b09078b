// A retained will is what its topic retains, at every broker: the newest that the warden has heard
// of, or one with QoS 0, whose place among them is not known. The watchers look at roll calls.

#include <map>
#include <set>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class RetainedWills final : public Checker {
 public:
  RetainedWills(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("retained_wills", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (!message.will || !message.retain || delivery.device != 0 || delivery.qos == 0) return;
    if (heard_.insert(message.id).second) newest_[message.topic] = {message.id, delivery.at};
  }

  void retained(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (message.will) kept_[{delivery.connection, message.topic}] = {message.id, delivery.at};
  }

  void quiet() override {
    for (const Bond& bond : ledger_.bonds) {
      if (!bond.retained_probe || bond.bound == never || bond.leaving != never) continue;
      if (!ledger_.connections[bond.connection].lives()) continue;
      for (const auto& [topic, newest] : newest_) {
        if (newest.at < bond.asked) judge(bond, topic, newest.message);
      }
    }
  }

 private:
  struct Seen {
    uint32_t message = 0;
    Instant at{};
  };

  void judge(const Bond& bond, const std::string& topic, uint32_t newest) const {
    const std::string& watcher = ledger_.device_names[bond.device];
    const auto kept = kept_.find({bond.connection, topic});
    if (kept == kept_.end() || kept->second.at < bond.asked) {
      broken("{} finds nothing in {}, will m{} is retained there", watcher, topic, newest);
    }
    const Message& found = ledger_.messages[kept->second.message];
    if (found.id == newest || found.qos == 0) return;
    broken("{} finds m{} in {}, will m{} is newer", watcher, found.id, topic, newest);
  }

  std::set<uint32_t> heard_;                               // by the warden
  std::map<std::string, Seen> newest_;                     // topic
  std::map<std::pair<uint32_t, std::string>, Seen> kept_;  // connection, topic
};

}  // namespace

std::unique_ptr<Checker> retained_wills(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<RetainedWills>(context, ledger, cluster);
}

}  // namespace muster::sim
