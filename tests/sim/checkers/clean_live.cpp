// Between live clients with nothing broken on their path a clean session's QoS 1 subscription, once
// SUBACK has arrived, hears every acknowledged message.

#include <map>
#include <set>

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class CleanLive final : public Checker {
 public:
  CleanLive(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("clean_live", context, ledger, cluster) {
    // A broker slower than 100 ms is passed over at SUBACK: in such a world nothing is promised.
    const Knobs& knobs = context.knobs;
    Duration way = knobs.link_max + knobs.turn_max + 2 * (knobs.parcel_max + knobs.turn_max);
    if (knobs.link_spike_permille > 0) way += knobs.link_spike;
    promised_ = 2 * way < milliseconds(100);
  }

  void delivered(const Delivery& delivery) override {
    got_.insert({delivery.session, delivery.message});
    Instant& newest = newest_[delivery.connection];
    if (delivery.qos > 0) newest = std::max(newest, ledger_.messages[delivery.message].first_sent);
  }

  void quiet() override {
    if (!promised_) return;
    for (const Bond& bond : ledger_.bonds) {
      if (ledger_.sessions[bond.session].persistent || bond.bound == never || bond.qos == 0) {
        continue;
      }
      for (const Message& message : ledger_.messages) judge(bond, message);
    }
  }

 private:
  void judge(const Bond& bond, const Message& message) const {
    if (message.acknowledged == never || message.reason >= 0x80 || message.will) return;
    if (message.qos == 0 || message.first_sent <= bond.bound) return;
    if (bond.leaving != never && message.acknowledged >= bond.leaving) return;
    if (bond.no_local && message.device == bond.device) return;
    if (message.expiry_s) return;  // `expiry` knows of those
    // A slow reader gets it late: what was sent long after it has come, or all has had its time.
    const Connection& subscriber = ledger_.connections[bond.connection];
    const auto newest = newest_.find(subscriber.id);
    const bool past = newest != newest_.end() && newest->second > message.acknowledged + seconds(1);
    if (!past && !subscriber.heeded()) return;
    if (got_.contains({bond.session, message.id})) return;
    if (!mqtt::matches(bond.filter, message.topic)) return;
    const Connection& publisher = ledger_.connections[message.connection];
    if (message.sent > 1) return;
    if (!ledger_.calm(bond.asked - seconds(1), message.acknowledged + seconds(1),
                      {subscriber.broker, publisher.broker})) {
      return;
    }
    broken("m{} {} acknowledged to {} is missing at {} ({})", message.id, message.topic,
           ledger_.device_names[message.device], ledger_.device_names[bond.device], bond.filter);
  }

  bool promised_;
  std::set<std::pair<uint32_t, uint32_t>> got_;  // session, message
  std::map<uint32_t, Instant> newest_;           // connection: when its newest message was sent
};

}  // namespace

std::unique_ptr<Checker> clean_live(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<CleanLive>(context, ledger, cluster);
}

}  // namespace muster::sim
