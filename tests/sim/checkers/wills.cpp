// Every registered will is published exactly once or not at all, as the end of its connection says.
// The warden, a persistent subscriber of all wills, is the judge.

#include <map>
#include <tuple>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/warden.hpp"

namespace muster::sim {
namespace {

class Wills final : public Checker {
 public:
  Wills(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("wills", context, ledger, cluster), warden_(ledger) {}

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
    warden_.delivered(delivery);
  }

  void quiet() override {
    for (const Connection& connection : ledger_.connections) {
      if (connection.will) judge(connection, ledger_.messages[*connection.will]);
    }
  }

 private:
  // A CONNECT sent right after a DISCONNECT may arrive before it: that is a takeover.
  bool overtaken(const Connection& left) const {
    for (size_t id = left.id + 1; id < ledger_.connections.size(); ++id) {
      const Connection& next = ledger_.connections[id];
      if (next.device == left.device) return next.dialled < left.ended + seconds(1);
    }
    return false;
  }

  void judge(const Connection& connection, const Message& will) {
    const bool published = warden_.published(will.id) != never;
    const std::string& name = ledger_.device_names[connection.device];
    if (published && connection.lives() && ledger_.calm(connection.dialled, context_.now())) {
      broken("will m{} of {} was published, #{} lives", will.id, name, connection.id);
    }
    if (published && connection.end == End::disconnected && !overtaken(connection) &&
        ledger_.calm(connection.dialled, connection.ended + seconds(5))) {
      broken("will m{} of {} was published after DISCONNECT", will.id, name);
    }
    // `delayed_wills` knows of those that wait.
    if (published || will.qos == 0 || connection.will_delay_s > 0) return;
    if (!is_due(connection.end) || !warden_.would_hear(connection)) return;
    broken("will m{} of {} ({} #{}) was never published", will.id, name, to_string(connection.end),
           connection.id);
  }

  // QoS, session or connection, message -> connection
  std::map<std::tuple<uint8_t, uint32_t, uint32_t>, uint32_t> got_;
  Warden warden_;
};

}  // namespace

std::unique_ptr<Checker> wills(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Wills>(context, ledger, cluster);
}

}  // namespace muster::sim
