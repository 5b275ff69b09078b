// An urgent task waits for at most one slice of each worker: by the server's own count, and, for an
// urgent look-up that no other urgent task precedes, by the time until its answer leaves.

#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class UrgentFirst final : public Checker {
 public:
  UrgentFirst(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("urgent_first", context, ledger, cluster) {}

  void arrived(const std::string&, const std::string& to, const wire::Message& message) override {
    const auto* ask = std::get_if<wire::AskTask>(&message);
    if (!ask || to[0] != 'q' || ask->task.priority != wire::Priority::urgent) return;
    auto& urgent = urgent_[to];
    const bool alone = urgent.empty();
    const bool one_slice =
        ask->task.query.kind == wire::QueryKind::lookup && ask->task.query.devices.size() == 1;
    urgent.try_emplace(ask->task.id,
                       Waiting{context_.now(), alone && one_slice, cluster_.starts(to)});
  }

  void sent(const std::string& from, const std::string& to, const wire::Message& message) override {
    const auto* answer = std::get_if<wire::TaskAnswer>(&message);
    const auto* redirect = std::get_if<wire::AskTask>(&message);
    if ((!answer && !redirect) || from[0] != 'q') return;
    auto& urgent = urgent_[from];
    if (redirect && to[0] == 'q') {  // a part is another server's affair
      for (auto& [id, waiting] : urgent) waiting.timed = false;
      return;
    }
    const auto it = urgent.find(answer ? answer->answer.id : redirect->task.id);
    if (it == urgent.end()) return;
    const Waiting waiting = it->second;
    urgent.erase(it);
    if (!answer || !waiting.timed || waiting.start != cluster_.starts(from)) return;
    const Duration waited = context_.now() - waiting.since;
    const query::Options& options = cluster_.options().query;
    // The last row of a slice may go over its budget.
    const Duration slice = slice_time * (options.slice_rows + 10) / options.slice_rows;
    // The slices that run when it comes, and those of the turn that answers it.
    const Duration bound = context_.knobs.turn_max + 2 * options.workers * slice;
    // While links come and go a task may arrive and not be heard.
    if (waited <= bound || !ledger_.calm(waiting.since - seconds(5), context_.now())) return;
    broken("{} answered an urgent look-up after {} us, {} are one slice", from, waited.count(),
           bound.count());
  }

  void quiet() override {
    for (const std::string& name : Cluster::queries()) {
      const query::Stats stats = cluster_.query(name)->mind().stats();
      if (stats.urgent_wait_slices_max > cluster_.options().query.workers) {
        broken("{}: an urgent task waited for {} slices", name, stats.urgent_wait_slices_max);
      }
    }
  }

 private:
  struct Waiting {
    Instant since;
    bool timed;
    uint64_t start;
  };
  std::map<std::string, std::map<wire::TaskId, Waiting>> urgent_;
};

}  // namespace

std::unique_ptr<Checker> urgent_first(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<UrgentFirst>(context, ledger, cluster);
}

}  // namespace muster::sim
