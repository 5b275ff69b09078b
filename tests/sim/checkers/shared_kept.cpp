// What one of a group of persistent members has got stays with it, whatever breaks: another gets it
// only after the session of the first has ended or has left the group; and with QoS 2 not even then
// (4.8.2-4, 4.8.2-5).

#include <algorithm>
#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class SharedKept final : public Checker {
 public:
  SharedKept(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("shared_kept", context, ledger, cluster) {}

  void delivered_shared(const Delivery& delivery, const std::string& group) override {
    if (delivery.qos == 0 || !group.starts_with("$share/p/")) return;
    const auto [at, first] = got_.try_emplace({group, delivery.message}, delivery);
    Delivery& known = at->second;
    if (first || known.session == delivery.session) return;
    // A slow connection may show the first copy last.
    const bool ordered = known.emitted <= delivery.emitted;
    judge(ordered ? known : delivery, ordered ? delivery : known, group);
    if (ordered) known = delivery;
  }

 private:
  bool left(const Delivery& had, const std::string& group) const {
    const Session& session = ledger_.sessions[had.session];
    if (session.ended != never || session.expiry_changed || session.doubtful) return true;
    const auto& bonds = ledger_.bonds_of(session.id);
    return std::any_of(bonds.begin(), bonds.end(), [&](uint32_t id) {
      return ledger_.bonds[id].filter == group && ledger_.bonds[id].unsubscribed;
    });
  }

  // What its publisher, or a broker that was judged dead, sends again is another one to a group.
  bool sent_again(const Message& message) const {
    const BrokerProcess* broker = cluster_.broker(ledger_.connections[message.connection].broker);
    return message.sent > 1 || (broker && broker->node().counters().deposed > 0);
  }

  void judge(const Delivery& had, const Delivery& then, const std::string& group) const {
    const Message& message = ledger_.messages[had.message];
    if (sent_again(message) || (had.qos < 2 && left(had, group))) return;
    // A clean start that perhaps nobody heard: it may be the session that it was.
    if (had.device == then.device && ledger_.sessions[then.session].doubtful) return;
    broken("{} got m{} of {}, which {} has", ledger_.device_names[then.device], message.id, group,
           ledger_.device_names[had.device]);
  }

  std::map<std::pair<std::string, uint32_t>, Delivery> got_;  // group, message: the last one
};

}  // namespace

std::unique_ptr<Checker> shared_kept(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<SharedKept>(context, ledger, cluster);
}

}  // namespace muster::sim
