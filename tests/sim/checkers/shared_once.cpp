// An acknowledged message to a group of shared subscriptions is acknowledged by one of its members
// if some member stayed from before it was sent; with persistent members alone whatever breaks,
// with clean ones as long as nothing does. To a second member it goes only after the first has
// gone and has not acknowledged it, or when something broke; what has QoS 2 is acknowledged when it
// has arrived.

#include <algorithm>
#include <map>

#include "core/mqtt/share.hpp"
#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class SharedOnce final : public Checker {
 public:
  SharedOnce(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("shared_once", context, ledger, cluster) {}

  void delivered_shared(const Delivery& delivery, const std::string& group) override {
    const auto key = std::pair(group, delivery.message);
    if (delivery.qos > 0) under_way_[{delivery.session, delivery.packet_id}] = key;
    if (delivery.qos == 2) acknowledged_.try_emplace(key, context_.now());  // it is shown
    const auto [first, is_new] = got_.try_emplace(key, delivery);
    if (is_new || first->second.session == delivery.session) return;
    const Message& message = ledger_.messages[delivery.message];
    // A slow connection may show the first copy last.
    const bool ordered = first->second.emitted <= delivery.emitted;
    const Delivery& earlier = ordered ? first->second : delivery;
    const Connection& before = ledger_.connections[earlier.connection];
    const auto known = acknowledged_.find(key);
    const bool acknowledged = known != acknowledged_.end() &&
                              known->second + seconds(2) < before.ended && !taken_over(before);
    const bool gone = (before.ended <= delivery.at || taken_over(before)) && !acknowledged;
    if (!gone && message.sent == 1 && ledger_.calm(message.first_sent - seconds(1), delivery.at)) {
      broken("{} got m{} of {}, which {} has", ledger_.device_names[delivery.device], message.id,
             group, ledger_.device_names[first->second.device]);
    }
    if (ordered) first->second = delivery;
  }

  void client_acknowledged(const Connection& connection, uint16_t packet_id) override {
    const auto known = under_way_.find({connection.session, packet_id});
    if (known == under_way_.end()) return;
    acknowledged_.try_emplace(known->second, context_.now());
    under_way_.erase(known);
  }

  void quiet() override {
    for (const Bond& bond : ledger_.bonds) {
      if (!mqtt::is_shared(bond.filter) || bond.bound == never || bond.leaving != never) continue;
      const Session& session = ledger_.sessions[bond.session];
      if (session.ended != never || session.doubtful) continue;
      const bool stored = bond.filter.starts_with("$share/p/");
      if (!stored && !ledger_.connections[bond.connection].lives()) continue;
      for (const Message& message : ledger_.messages) judge(bond, message, stored);
    }
  }

 private:
  // By a connection that the device has opened since.
  bool taken_over(const Connection& before) const {
    for (auto it = ledger_.connections.rbegin(); it->id > before.id; ++it) {
      if (it->device == before.device) return true;
    }
    return false;
  }

  // A broker that was away when the group began hears of it later; until two brokers have met, one
  // does not know the clean members at the other.
  bool disturbed(const Bond& bond, const Message& message, bool stored) const {
    const Instant from = stored ? bond.asked - seconds(3) : message.first_sent - seconds(2);
    const Instant until = stored ? bond.bound : context_.now();
    return std::any_of(ledger_.faults.begin(), ledger_.faults.end(), [&](const Fault& fault) {
      if (fault.kind == "boot") return !stored && message.first_sent <= fault.until;
      return fault.from <= until && fault.until >= from;
    });
  }

  // What has QoS 2 and may have reached a member whose session has ended is nobody else's; who
  // falls silent is not known to have ended for a while. A clean start ends it also if the device
  // never hears that it was accepted.
  bool ended_with_it(const std::string& group, const Message& message) const {
    const auto late = [&](Instant ended) { return ended + seconds(4) >= message.first_sent; };
    const auto ended = [&](const Bond& other) {
      const Session& session = ledger_.sessions[other.session];
      if (session.ended != never && late(session.ended)) return true;
      return std::any_of(
          ledger_.connections.begin(), ledger_.connections.end(), [&](const Connection& start) {
            return start.device == session.device && start.clean_start && start.accepted == never &&
                   start.ended != never && late(start.ended);
          });
    };
    return message.qos == 2 &&
           std::any_of(ledger_.bonds.begin(), ledger_.bonds.end(), [&](const Bond& other) {
             return other.filter == group && other.qos == 2 && ended(other);
           });
  }

  void judge(const Bond& bond, const Message& message, bool stored) const {
    if (message.acknowledged == never || message.reason >= 0x80 || message.will) return;
    if (message.qos == 0 || message.expiry_s || message.first_sent <= bond.bound) return;
    if (!mqtt::matches(mqtt::shared_filter(bond.filter), message.topic)) return;
    if (acknowledged_.contains({bond.filter, message.id})) return;
    if (disturbed(bond, message, stored) || ended_with_it(bond.filter, message)) return;
    broken("m{} {} acknowledged to {} was acknowledged by nobody of {}; {} stayed", message.id,
           message.topic, ledger_.device_names[message.device], bond.filter,
           ledger_.device_names[bond.device]);
  }

  using Key = std::pair<std::string, uint32_t>;             // group, message
  std::map<Key, Delivery> got_;                             // the last one
  std::map<std::pair<uint32_t, uint16_t>, Key> under_way_;  // session, packet id
  std::map<Key, Instant> acknowledged_;                     // when first
};

}  // namespace

std::unique_ptr<Checker> shared_once(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<SharedOnce>(context, ledger, cluster);
}

}  // namespace muster::sim
