// A takeover, also onto another broker, is never seen as offline by a watcher: a device that always
// had a connection is never told to be offline, unless its broker was lost for long.

#include <set>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/roll.hpp"

namespace muster::sim {
namespace {

class TakeoverUnseen final : public Checker {
 public:
  TakeoverUnseen(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("takeover_unseen", context, ledger, cluster) {}

  void ended(const Connection& connection) override { look_for_gap(connection); }
  void refused(const Connection& connection) override { look_for_gap(connection); }

  void presence(const PresenceSeen& seen) override {
    const Seen row = read_row(seen.json);
    if (row.status != "offline" || gaps_.contains(row.device)) return;
    const Duration lost = cluster_.options().global.dead_after;
    for (const Fault& fault : ledger_.faults) {
      const bool ended = fault.kind == "kill" || fault.kind == "stop";
      if (ended && fault.nodes.front() == row.broker) return;
      if (std::min(fault.until, context_.now()) - fault.from + seconds(3) > lost) return;
    }
    broken("{} was told that {} is offline ({}), but it was always connected",
           ledger_.device_names[seen.watcher], row.device, row.why);
  }

 private:
  // Neither connected nor, after a takeover, about to be.
  void look_for_gap(const Connection& gone) {
    for (const Connection& connection : ledger_.connections) {
      if (connection.device != gone.device || connection.ended != never) continue;
      if (connection.id < gone.id && gone.accepted != never) continue;  // itself taken over
      if (connection.accepted != never || gone.end == End::taken_over) return;
    }
    gaps_.insert(ledger_.device_names[gone.device]);
  }

  std::set<std::string> gaps_;
};

}  // namespace

std::unique_ptr<Checker> takeover_unseen(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<TakeoverUnseen>(context, ledger, cluster);
}

}  // namespace muster::sim
