// A will with a delay is published when its delay is over, or the session before that (3.1.3-9):
// not before, and not at all if the session was taken up again meanwhile.

#include <algorithm>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/warden.hpp"

namespace muster::sim {
namespace {

class DelayedWills final : public Checker {
 public:
  DelayedWills(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("delayed_wills", context, ledger, cluster), warden_(ledger) {}

  void delivered(const Delivery& delivery) override { warden_.delivered(delivery); }

  void quiet() override {
    for (const Connection& connection : ledger_.connections) {
      if (connection.will && connection.will_delay_s > 0) judge(connection);
    }
  }

 private:
  static Instant due(const Connection& left) {
    const uint32_t expiry_s = left.expiry_at_end_s.value_or(left.expiry_s);
    return left.ended + seconds(std::min(left.will_delay_s, expiry_s));
  }

  const Connection* next(const Connection& left) const {
    for (size_t id = left.id + 1; id < ledger_.connections.size(); ++id) {
      if (ledger_.connections[id].device == left.device) return &ledger_.connections[id];
    }
    return nullptr;
  }

  // Global may have known of the end before its device did.
  bool ended_unheard(const Connection& left) const {
    const Duration earlier = cluster_.options().global.dead_after + seconds(8);
    const Instant from = std::max(left.dialled, left.ended - earlier);
    return !ledger_.calm(from, left.ended, {left.broker, "global"});
  }

  bool resumed_in_time(const Connection& left) const {
    const Connection* then = next(left);
    return then && then->session == left.session && then->session_present &&
           then->accepted < due(left);
  }

  // Nobody came for the session before its will had to be published, or somebody ended it.
  bool left_alone(const Connection& left) const {
    Duration heard = milliseconds(700);
    if (left.end == End::silent) heard += milliseconds(1500) * left.keep_alive_s;
    if (!ledger_.calm(left.ended - seconds(1), due(left) + heard, {left.broker, "global"})) {
      heard += cluster_.options().global.dead_after + seconds(10);
    }
    const Instant surely = due(left) + heard;
    const Connection* then = next(left);
    if (!then) return context_.now() > surely;
    return then->dialled > surely || (then->clean_start && then->accepted != never);
  }

  void judge(const Connection& left) const {
    const Message& will = ledger_.messages[*left.will];
    const Instant published = warden_.published(will.id);
    const std::string& name = ledger_.device_names[left.device];
    if (left.ended == never || ledger_.sessions[left.session].doubtful) return;
    if (published != never) {
      if (resumed_in_time(left) && !ended_unheard(left)) {
        broken("will m{} of {} #{} was published, its session went on in time", will.id, name,
               left.id);
      }
      const Connection* then = next(left);
      const bool over = then && then->dialled < published && then->session != left.session;
      if (!over && published + milliseconds(50) < due(left) && !ended_unheard(left)) {
        broken("will m{} of {} #{} was published before its delay was over", will.id, name,
               left.id);
      }
      return;
    }
    if (will.qos == 0 || !is_due(left.end) || !warden_.would_hear(left)) return;
    if (!left_alone(left)) return;
    broken("will m{} of {} ({} #{}), delayed by {} s, was never published", will.id, name,
           to_string(left.end), left.id, left.will_delay_s);
  }

  Warden warden_;
};

}  // namespace

std::unique_ptr<Checker> delayed_wills(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<DelayedWills>(context, ledger, cluster);
}

}  // namespace muster::sim
