// A QoS 2 message is shown to an application once. The named case: a clean receiver may see it
// again when its publisher had to send it again and its broker, or global, was broken meanwhile.

#include <map>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class ExactlyOnce final : public Checker {
 public:
  ExactlyOnce(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("exactly_once", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    if (delivery.qos < 2) return;
    const auto [it, first] =
        got_.try_emplace({delivery.session, delivery.message}, delivery.connection);
    if (first) return;
    const Session& session = ledger_.sessions[delivery.session];
    const Message& message = ledger_.messages[delivery.message];
    if (message.sent_anew || session.doubtful) return;
    const std::string& broker = ledger_.connections[message.connection].broker;
    if (!session.persistent &&
        !ledger_.calm(message.first_sent - seconds(5), context_.now(), {broker, "global"})) {
      return;
    }
    broken("{} #{} got m{} a second time, first on #{}", ledger_.device_names[delivery.device],
           delivery.connection, delivery.message, it->second);
  }

 private:
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> got_;  // session, message: connection
};

}  // namespace

std::unique_ptr<Checker> exactly_once(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<ExactlyOnce>(context, ledger, cluster);
}

}  // namespace muster::sim
