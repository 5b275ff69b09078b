// A session lives as long as the DISCONNECT says that ended its last connection (3.14.2.2.2): not
// longer, and not shorter. Judged when the next connection is accepted.

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class SessionExpiry final : public Checker {
 public:
  SessionExpiry(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("session_expiry", context, ledger, cluster) {}

  void accepted(const Connection& connection) override {
    const Connection* left = before(connection);
    if (!left || !left->expiry_at_end_s || connection.clean_start || !connection.persistent) return;
    // A CONNECT may overtake the DISCONNECT: then it is a takeover.
    if (left->superseded != never || connection.dialled < left->ended + seconds(1)) return;
    if (!ledger_.calm(left->ended - seconds(5), context_.now())) return;
    const std::string& name = ledger_.device_names[connection.device];
    const Instant over = left->ended + seconds(*left->expiry_at_end_s);
    if (connection.session_present && connection.dialled > over + seconds(1)) {
      broken("{} #{}: its session lives, #{} left it {} s", name, connection.id, left->id,
             *left->expiry_at_end_s);
    }
    if (!connection.session_present && connection.accepted + milliseconds(50) < over) {
      broken("{} #{}: its session is gone, #{} left it {} s", name, connection.id, left->id,
             *left->expiry_at_end_s);
    }
  }

 private:
  const Connection* before(const Connection& connection) const {
    for (uint32_t id = connection.id; id-- > 0;) {
      const Connection& older = ledger_.connections[id];
      if (older.device == connection.device) return older.accepted == never ? nullptr : &older;
    }
    return nullptr;
  }
};

}  // namespace

std::unique_ptr<Checker> session_expiry(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<SessionExpiry>(context, ledger, cluster);
}

}  // namespace muster::sim
