// Every registered will is published exactly once or not at all, as the end of its connection says.
// The warden, a persistent subscriber of all wills, is the judge.

#include <map>
#include <tuple>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Wills final : public Checker {
 public:
  Wills(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("wills", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (!message.will) return;
    // On each way: a subscription that changes its QoS meanwhile may hear it on both.
    const uint32_t scope = delivery.qos > 0 ? delivery.session : delivery.connection;
    const auto [it, first] =
        got_.try_emplace({delivery.qos, scope, message.id}, delivery.connection);
    if (!first && (!delivery.dup || it->second == delivery.connection)) {
      broken("will m{} of {} came twice to {}", message.id, ledger_.device_names[message.device],
             ledger_.device_names[delivery.device]);
    }
    if (delivery.device == 0) published_[message.id] = true;
  }

  void quiet() override {
    for (const Connection& connection : ledger_.connections) {
      if (connection.will) judge(connection, ledger_.messages[*connection.will]);
    }
  }

 private:
  bool warden_bound_before(Instant when) const {
    for (const Bond& bond : ledger_.bonds) {
      if (bond.device == 0 && bond.bound != never) return bond.bound < when;
    }
    return false;
  }

  // A CONNECT sent right after a DISCONNECT may arrive before it: that is a takeover.
  bool overtaken(const Connection& left) const {
    for (size_t id = left.id + 1; id < ledger_.connections.size(); ++id) {
      const Connection& next = ledger_.connections[id];
      if (next.device == left.device) return next.dialled < left.ended + seconds(1);
    }
    return false;
  }

  // Global has it: a persistent session is granted after its will is stored; a clean one claims.
  bool registered(const Connection& connection) const {
    if (connection.accepted == never) return false;
    if (connection.persistent) return true;
    const Instant later = connection.accepted + seconds(3);
    return connection.ended > later && ledger_.calm(connection.dialled - seconds(3), later);
  }

  void judge(const Connection& connection, const Message& will) {
    const bool published = published_.contains(will.id);
    const std::string& name = ledger_.device_names[connection.device];
    if (published && connection.lives() && ledger_.calm(connection.dialled, context_.now())) {
      broken("will m{} of {} was published, #{} lives", will.id, name, connection.id);
    }
    if (published && connection.end == End::disconnected && !overtaken(connection) &&
        ledger_.calm(connection.dialled, connection.ended + seconds(5))) {
      broken("will m{} of {} was published after DISCONNECT", will.id, name);
    }
    const bool due = connection.end == End::dropped || connection.end == End::silent ||
                     connection.end == End::by_broker || connection.end == End::taken_over ||
                     connection.end == End::disconnected_with_will;
    if (published || !due || will.qos == 0 || connection.will_delay_s > 0) return;
    if (!registered(connection) || !warden_bound_before(connection.dialled)) return;
    broken("will m{} of {} ({} #{}) was never published", will.id, name, to_string(connection.end),
           connection.id);
  }

  // QoS, session or connection, message -> connection
  std::map<std::tuple<uint8_t, uint32_t, uint32_t>, uint32_t> got_;
  std::map<uint32_t, bool> published_;
};

}  // namespace

std::unique_ptr<Checker> wills(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Wills>(context, ledger, cluster);
}

}  // namespace muster::sim
