// At a quiet point presence is the truth: every look-up, list and count says online of exactly the
// devices that are connected, at whichever broker it is asked, and so does what watchers were told.

#include <map>
#include <set>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/roll.hpp"

namespace muster::sim {
namespace {

class PresenceTruth final : public Checker {
 public:
  PresenceTruth(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("presence_truth", context, ledger, cluster) {}

  void answered(const Ask& ask, BytesView json) override {
    if (!ask.roll_call) return;
    const Roll roll = read_answer(json);
    const std::string& asker = ledger_.device_names[ask.device];
    if (roll.outcome != "ok") broken("{} is told {}", asker, json);
    std::set<std::string> online;
    for (const Seen& row : roll.rows) {
      if (row.status == "online") {
        online.insert(row.device);
      } else if (row.status != "offline") {
        broken("{} says that {} is {}", roll.server, row.device, row.status);
      }
    }
    const std::set<std::string> truth = connected();
    const bool counted = roll.rows.empty() && roll.count > 0;
    if (counted ? roll.count == truth.size() : online == truth) return;
    broken("{} is told by {} {}; connected are {}", asker, roll.server,
           counted ? std::to_string(roll.count) : fmt::format("{}", fmt::join(online, " ")),
           fmt::format("{}", fmt::join(truth, " ")));
  }

  void presence(const PresenceSeen& seen) override {
    const Seen row = read_row(seen.json);
    told_[seen.connection][row.device] = row.status;
  }

  void quiet() override {
    const std::set<std::string> truth = connected();
    for (const auto& [id, rows] : told_) {
      const Connection& watcher = ledger_.connections[id];
      if (!watcher.lives()) continue;
      std::set<std::string> online;
      for (const auto& [device, status] : rows) {
        if (status != "offline") online.insert(device);
        if (status == "unknown") {
          broken("{} was told that {} is unknown", ledger_.device_names[watcher.device], device);
        }
      }
      if (online == truth) continue;
      broken("{} was told that {} are online; connected are {}",
             ledger_.device_names[watcher.device], fmt::format("{}", fmt::join(online, " ")),
             fmt::format("{}", fmt::join(truth, " ")));
    }
  }

 private:
  std::set<std::string> connected() const {
    std::set<std::string> truth;
    for (const Connection& connection : ledger_.connections) {
      if (connection.lives()) truth.insert(ledger_.device_names[connection.device]);
    }
    return truth;
  }

  std::map<uint32_t, std::map<std::string, std::string>> told_;  // connection: device -> status
};

}  // namespace

std::unique_ptr<Checker> presence_truth(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<PresenceTruth>(context, ledger, cluster);
}

}  // namespace muster::sim
