// CONNACK tells the truth about the session: present when it was promised and has not expired,
// absent after a Clean Start and for who never had one.

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class SessionKept final : public Checker {
 public:
  SessionKept(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("session_kept", context, ledger, cluster) {}

  void accepted(const Connection& connection) override {
    const Session& session = ledger_.sessions[connection.session];
    const std::string& name = ledger_.device_names[connection.device];
    if (connection.session_present && connection.clean_start) {
      broken("{} #{}: a session is present after a clean start", name, connection.id);
    }
    if (connection.session_present || connection.clean_start || !session.persistent) return;
    if (!session.confirmed || session.doubtful) return;
    const bool expired = session.detached != never && session.detached + seconds(session.expiry_s) <
                                                          connection.accepted + seconds(1);
    if (expired || expired_unheard(connection, session)) return;
    broken("{} #{}: its session is gone", name, connection.id);
  }

 private:
  // The connection before this one went on at a broker that was judged dead, or its end arrived
  // late: detached at global meanwhile, its session could expire before the device knew.
  bool expired_unheard(const Connection& connection, const Session& session) const {
    for (uint32_t id = connection.id; id-- > 0;) {
      const Connection& before = ledger_.connections[id];
      if (before.device != connection.device || before.accepted == never) continue;
      const Instant detached = connection.accepted - seconds(session.expiry_s);
      return session.expiry_s < 10 &&
             !ledger_.calm(detached - seconds(5), detached, {before.broker, "global"});
    }
    return false;
  }
};

}  // namespace

std::unique_ptr<Checker> session_kept(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<SessionKept>(context, ledger, cluster);
}

}  // namespace muster::sim
