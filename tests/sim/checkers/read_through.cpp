// What is said of a device while things are broken is not wrong either. A row is read through the
// state of its broker: nobody who has applied that a broker is unreachable says online of its
// devices, or offline before it is dead. And a device that has long been connected, with nothing
// broken on the way, is never offline.

#include <algorithm>
#include <map>

#include "tests/sim/checkers/rules.hpp"
#include "tests/sim/roll.hpp"

namespace muster::sim {
namespace {

class ReadThrough final : public Checker {
 public:
  ReadThrough(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("read_through", context, ledger, cluster) {}

  void sent(const std::string& from, const std::string& to, const wire::Message& message) override {
    if (const auto* page = std::get_if<wire::SnapshotPage>(&message)) return note(page->entries);
    if (const auto* delta = std::get_if<wire::Delta>(&message)) return note(delta->entries);
    if (from[0] != 'q' || to[0] != 'b') return;
    if (const auto* answer = std::get_if<wire::TaskAnswer>(&message)) {
      for (const wire::AnswerRow& row : answer->answer.rows) {
        judge(from, row, answer->answer.as_of.number);
      }
    } else if (const auto* rows = std::get_if<wire::WatchRows>(&message)) {
      for (size_t i = 0; i < rows->numbers.size(); ++i) {
        judge(from, rows->rows.at(i), rows->numbers[i]);
      }
    }
  }

  void answered(const Ask& ask, BytesView json) override {
    const Roll roll = read_answer(json);
    for (const Seen& row : roll.rows) {
      if (row.status == "offline" && surely_connected(row.device, ask.sent)) {
        broken("{} says that {} is offline, it has long been connected", roll.server, row.device);
      }
    }
    if (!ask.online || roll.outcome != "ok") return;
    for (const std::string& name : ledger_.device_names) {
      const bool listed = std::any_of(roll.rows.begin(), roll.rows.end(),
                                      [&](const Seen& row) { return row.device == name; });
      if (listed || !surely_connected(name, ask.sent)) continue;
      broken("{} does not list {} as online, it has long been connected", roll.server, name);
    }
  }

 private:
  void note(const std::vector<wire::LogEntry>& entries) {
    for (const wire::LogEntry& entry : entries) {
      const auto* row = std::get_if<wire::BrokerRow>(&entry.row);
      if (row) states_[row->incarnation].emplace(entry.number, row->state);
    }
  }

  // Read at `number` of the log or later.
  void judge(const std::string& server, const wire::AnswerRow& row, uint64_t number) const {
    const std::string& device = row.device.device;
    if (!row.device.connected) {
      if (row.status != wire::Status::offline) broken("{}: {} is not connected", server, device);
      return;
    }
    const auto states = states_.find(row.device.broker);
    if (states == states_.end()) return;
    auto state = states->second.upper_bound(number);
    if (state == states->second.begin()) return;  // before its first
    for (--state; state != states->second.end(); ++state) {
      if (wire::read_status(row.device, state->second) == row.status) return;
    }
    broken("{} says that {} is {}, in the log its broker was not so from {} on", server, device,
           wire::to_string(row.status), number);
  }

  bool surely_connected(const std::string& device, Instant asked) const {
    const auto name = std::find(ledger_.device_names.begin(), ledger_.device_names.end(), device);
    if (name == ledger_.device_names.end()) return false;
    const auto index = static_cast<uint32_t>(name - ledger_.device_names.begin());
    const Connection* connection = ledger_.living(index);
    return connection && connection->heeded() && connection->accepted + seconds(3) < asked &&
           ledger_.calm(asked - seconds(10), context_.now(),
                        {connection->broker, "global", "q1", "q2"});
  }

  std::map<Incarnation, std::map<uint64_t, wire::BrokerState>> states_;  // by number of the log
};

}  // namespace

std::unique_ptr<Checker> read_through(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<ReadThrough>(context, ledger, cluster);
}

}  // namespace muster::sim
