// Every queue keeps within its bound, and drains: outboxes towards clients, tasks, changes that
// wait for watches, inboxes.

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Bounds final : public Checker {
 public:
  Bounds(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("bounds", context, ledger, cluster) {}

  void ended(const Connection&) override { look(); }

  void quiet() override {
    look();
    for (const std::string& name : Cluster::queries()) {
      const query::Stats stats = cluster_.query(name)->mind().stats();
      if (stats.queued + stats.merging + stats.backlog == 0) continue;
      broken("{}: {} tasks, {} merging, {} changes are left", name, stats.queued, stats.merging,
             stats.backlog);
    }
    const global::Stats stats = cluster_.global()->mind().stats();
    if (stats.sessions_waiting + stats.publications + stats.wills_delayed > 0) {
      broken("global: {} sessions wait, {} wills under way, {} delayed", stats.sessions_waiting,
             stats.publications, stats.wills_delayed);
    }
    if (stats.inbox_entries > 0) broken("global: {} inbox entries are left", stats.inbox_entries);
  }

 private:
  void look() const {
    for (const std::string& name : Cluster::brokers()) {
      const BrokerProcess* process = cluster_.broker(name);
      if (!process) continue;
      // One turn's packets may go over the limit, one message of the largest kind included.
      const size_t bound = cluster_.options().broker.outbox_limit_bytes + (256 << 10);
      if (process->largest_outbox() > bound) {
        broken("{}: an outbox of {} B", name, process->largest_outbox());
      }
    }
    for (const std::string& name : Cluster::queries()) {
      const auto* process = cluster_.query(name);
      if (!process) continue;
      const query::Stats stats = process->mind().stats();
      if (stats.queued > cluster_.options().query.queue_max) {
        broken("{}: {} tasks are queued", name, stats.queued);
      }
    }
  }
};

}  // namespace

std::unique_ptr<Checker> bounds(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Bounds>(context, ledger, cluster);
}

}  // namespace muster::sim
