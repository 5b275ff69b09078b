// A watcher gets a snapshot, then each change once and in order: no row twice in a row, and no
// state of a device again that it has left behind. (Unknown comes and goes with its broker.)

#include <map>
#include <set>
#include <tuple>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/roll.hpp"

namespace muster::sim {
namespace {

class WatchOrder final : public Checker {
 public:
  WatchOrder(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("watch_order", context, ledger, cluster) {}

  void presence(const PresenceSeen& seen) override {
    Seen row = read_row(seen.json);
    const bool skipped = std::exchange(row.skipped, 0) > 0;
    History& history = histories_[{seen.connection, row.device}];
    const std::string& watcher = ledger_.device_names[seen.watcher];
    if (seen.retain || skipped) {  // what was between is not known
      history = {row, {}};
      return;
    }
    if (row == history.last) broken("{} got the same change twice: {}", watcher, seen.json);
    // Through a broker that was lost a device is seen again as it was.
    const bool lost = through_lost_broker(row) || through_lost_broker(history.last);
    if (!lost && history.left.contains({row.status, row.since, row.broker}) &&
        !close_call(row.device)) {
      broken("{} got an old change again: {}", watcher, seen.json);
    }
    history.left.insert({history.last.status, history.last.since, history.last.broker});
    if (lost) history.left.clear();
    history.last = std::move(row);
  }

 private:
  static bool through_lost_broker(const Seen& row) {
    return row.status == "unknown" || row.why == "broker_lost";
  }
  // Which of two connections is younger is known as well as frames are quick: when they began
  // nearly together and claims were held up, the older one may win and be seen again.
  bool close_call(const std::string& device) const {
    constexpr Duration near = milliseconds(300);
    if (ledger_.calm(context_.now() - seconds(3), context_.now())) return false;
    Instant last = Instant(-near);
    for (const Connection& connection : ledger_.connections) {
      if (ledger_.device_names[connection.device] != device) continue;
      if (last + near > connection.dialled) return true;
      last = connection.dialled;
    }
    return false;
  }
  struct History {
    Seen last;
    std::set<std::tuple<std::string, std::string, std::string>> left;
  };
  std::map<std::pair<uint32_t, std::string>, History> histories_;  // connection, device
};

}  // namespace

std::unique_ptr<Checker> watch_order(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<WatchOrder>(context, ledger, cluster);
}

}  // namespace muster::sim
