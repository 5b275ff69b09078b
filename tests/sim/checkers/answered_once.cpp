// Every question to $query is answered or refused, exactly once, while its connection lives.

#include <algorithm>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class AnsweredOnce final : public Checker {
 public:
  AnsweredOnce(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("answered_once", context, ledger, cluster) {}

  void answered(const Ask& ask, BytesView) override {
    if (ask.answers > 1) broken("question {} has {} answers", ask.id, ask.answers);
  }

  void quiet() override {
    for (const Ask& ask : ledger_.asks) {
      const Connection& connection = ledger_.connections[ask.connection];
      if (ask.answers > 0 || connection.ended < ask.sent + seconds(6)) continue;
      if (context_.now() < ask.sent + seconds(6) || unread(ask, connection)) continue;
      // A frozen broker answers when it thaws, if the connection is still there; one that was
      // killed has closed it.
      if (!ledger_.calm(ask.sent, ask.sent + seconds(6), {connection.broker})) {
        if (std::min(context_.now(), connection.ended) < ask.sent + seconds(15)) continue;
      }
      broken("question {} of {} has no answer", ask.id, ledger_.device_names[ask.device]);
    }
  }

 private:
  // A 3.1.1 client is not read while so many of its publications wait for their acknowledgements.
  bool unread(const Ask& ask, const Connection& connection) const {
    if (connection.version == mqtt::Version::v5) return false;
    const auto waits = [&](const Message& message) {
      return message.connection == connection.id && message.qos > 0 &&
             message.first_sent <= ask.sent && message.acknowledged > ask.sent;
    };
    const auto waiting = std::count_if(ledger_.messages.begin(), ledger_.messages.end(), waits);
    return waiting >= cluster_.options().broker.receive_maximum;
  }
};

}  // namespace

std::unique_ptr<Checker> answered_once(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<AnsweredOnce>(context, ledger, cluster);
}

}  // namespace muster::sim
