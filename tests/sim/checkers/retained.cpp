// Retained messages: who subscribes after a PUBACK sees that message or a newer one of its topic;
// and once all is quiet every broker has the same. The topics are r/<n>; those below r/x are
// cleared now and then, and only count for the second half. The watchers, one at each broker, are
// the judges of it: they subscribe to r/# at every roll call.

#include <map>
#include <set>

#include "core/mqtt/topic.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Retained final : public Checker {
 public:
  Retained(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("retained", context, ledger, cluster) {}

  void delivered(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (message.retain) saw(delivery.connection, delivery.session, message, false);
  }
  void retained(const Delivery& delivery) override {
    const Message& message = ledger_.messages[delivery.message];
    if (!message.retain) {
      broken("{} got m{} as a retained message", ledger_.device_names[delivery.device], message.id);
    }
    saw(delivery.connection, delivery.session, message, true);
  }

  void quiet() override {
    for (const Bond& bond : ledger_.bonds) judge(bond);
    compare();
  }

 private:
  struct Seen {
    uint32_t message = 0;
    Instant at{};
  };

  void saw(uint32_t connection, uint32_t session, const Message& message, bool as_retained) {
    seen_[{connection, message.topic}].push_back({message.id, context_.now()});
    sessions_[{session, message.topic}].push_back({message.id, context_.now()});
    if (as_retained) kept_[{connection, message.topic}] = {message.id, context_.now()};
  }

  // `newer` was surely published after `older`; a copy that was sent again may come whenever.
  bool surely_after(const Message& newer, const Message& older) const {
    return older.sent == 1 && older.acknowledged != never && newer.first_sent > older.acknowledged;
  }

  // Subscribed once on a connection that lives until now, while nothing was broken.
  void judge(const Bond& bond) const {
    const Connection& connection = ledger_.connections[bond.connection];
    if (bond.bound == never || bond.leaving != never || !connection.lives()) return;
    if (bond.no_local || bond.as_published) return;
    if (ledger_.sessions[bond.session].doubtful) return;
    if (!ledger_.calm(bond.asked - seconds(5), bond.bound + seconds(8))) return;
    if (cluster_.global()->mind().stats().inbox_refused > 0) return;
    std::map<std::string, std::vector<const Message*>> before;  // acknowledged then
    for (const Message& message : ledger_.messages) {
      const bool there = message.retain && message.qos > 0 && message.acknowledged < bond.asked;
      if (!there || message.topic.starts_with("r/x")) continue;
      if (mqtt::matches(bond.filter, message.topic)) before[message.topic].push_back(&message);
    }
    for (const auto& [topic, messages] : before) judge(bond, topic, messages);
  }

  void judge(const Bond& bond, const std::string& topic,
             const std::vector<const Message*>& messages) const {
    const bool persistent = ledger_.sessions[bond.session].persistent;
    const auto& all = persistent ? sessions_ : seen_;
    const auto found = all.find({persistent ? bond.session : bond.connection, topic});
    uint32_t newest = 0;
    if (found != all.end()) {
      for (const Seen& seen : found->second) {
        if (seen.at < bond.asked) continue;
        const Message& got = ledger_.messages[seen.message];
        newest = got.id;
        const bool stale = std::any_of(messages.begin(), messages.end(),
                                       [&](const Message* one) { return surely_after(*one, got); });
        if (!stale) return;
      }
    }
    broken("{} subscribed to {} and got nothing as new as m{} of {} ({})",
           ledger_.device_names[bond.device], bond.filter, messages.back()->id, topic, newest);
  }

  // The watchers' last snapshots of r/#.
  void compare() {
    std::map<std::string, std::map<std::string, uint32_t>> views;  // watcher: topic -> message
    for (const Bond& bond : ledger_.bonds) {
      if (bond.filter != "r/#" || !bond.retained_probe || bond.leaving != never) continue;
      const Connection& connection = ledger_.connections[bond.connection];
      if (!connection.lives() || bond.bound == never) continue;
      auto& view = views[ledger_.device_names[bond.device]];
      for (const auto& [key, seen] : kept_) {
        if (key.first == connection.id && seen.at >= bond.asked) view[key.second] = seen.message;
      }
    }
    for (const auto& [watcher, view] : views) {
      const auto& [first, expected] = *views.begin();
      for (const auto& [topic, message] : expected) {
        const auto other = view.find(topic);
        if (other == view.end()) broken("{} has no {}, {} has m{}", watcher, topic, first, message);
        if (other->second != message) {
          broken("{} has m{} in {}, {} has m{}", watcher, other->second, topic, first, message);
        }
      }
      if (view.size() != expected.size()) {
        broken("{} has {} topics, {} has {}", watcher, view.size(), first, expected.size());
      }
    }
  }

  std::map<std::pair<uint32_t, std::string>, std::vector<Seen>> seen_;      // by connection
  std::map<std::pair<uint32_t, std::string>, std::vector<Seen>> sessions_;  // by session
  std::map<std::pair<uint32_t, std::string>, Seen> kept_;  // with RETAIN, by connection
};

}  // namespace

std::unique_ptr<Checker> retained(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Retained>(context, ledger, cluster);
}

}  // namespace muster::sim
