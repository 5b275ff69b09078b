// Global writes one log with one number: no number is used for two entries, not even across its
// restarts, each start opens a later era, and what a query server answers is never older than what
// it had answered when the question came.

#include <algorithm>
#include <map>

#include "core/wire/codec.hpp"
#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class OneLog final : public Checker {
 public:
  OneLog(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("one_log", context, ledger, cluster) {}

  void arrived(const std::string&, const std::string& to, const wire::Message& message) override {
    const auto* ask = std::get_if<wire::AskTask>(&message);
    if (!ask || to[0] != 'q') return;
    Server& server = servers_[{to, cluster_.starts(to)}];
    server.asked.try_emplace(ask->task.id, server.answered);
  }

  void sent(const std::string& from, const std::string& to, const wire::Message& message) override {
    if (const auto* page = std::get_if<wire::SnapshotPage>(&message)) {
      for (const wire::LogEntry& entry : page->entries) note(entry);
      era(page->at.era);
    } else if (const auto* delta = std::get_if<wire::Delta>(&message)) {
      for (const wire::LogEntry& entry : delta->entries) note(entry);
      era(delta->era);
    } else if (const auto* beat = std::get_if<wire::LogHeartbeat>(&message)) {
      era(beat->at.era);
    } else if (const auto* answer = std::get_if<wire::TaskAnswer>(&message)) {
      if (answer->answer.outcome == wire::Outcome::ok && from[0] == 'q')
        fresh(from, answer->answer);
    } else if (std::holds_alternative<wire::AskTask>(message) && from[0] == 'q' && to[0] == 'q') {
      servers_[{from, cluster_.starts(from)}].merges_until = context_.now() + seconds(6);
    }
  }

 private:
  void note(wire::LogEntry entry) {
    const uint64_t number = entry.number;
    entry.previous = 0;  // a snapshot's rows may leave it out
    const auto [it, first] = entries_.try_emplace(number, wire::encode_row(entry));
    if (!first && it->second != wire::encode_row(entry)) {
      broken("number {} of the log was used twice", number);
    }
  }
  void era(uint64_t era) {
    const uint64_t start = cluster_.starts("global");
    const auto [it, first] = eras_.try_emplace(start, era);
    if (!first && it->second != era) broken("era {} became {} without a start", it->second, era);
    if (first && it != eras_.begin() && std::prev(it)->second >= era) {
      broken("era {} after era {}", era, std::prev(it)->second);
    }
  }
  void fresh(const std::string& server, const wire::Answer& answer) {
    Server& mine = servers_[{server, cluster_.starts(server)}];
    const Position last = mine.asked[answer.id];
    if (answer.as_of < last) {
      broken("{} answered as of {}.{} after {}.{}", server, answer.as_of.era, answer.as_of.number,
             last.era, last.number);
    }
    if (context_.now() < mine.merges_until) return;  // it may be another's answer
    mine.answered = std::max(mine.answered, answer.as_of);
  }

  struct Server {
    Position answered;  // as of
    Instant merges_until{};
    std::map<wire::TaskId, Position> asked;  // when each question came
  };

  std::map<uint64_t, Bytes> entries_;
  std::map<uint64_t, uint64_t> eras_;                           // start of global -> era
  std::map<std::pair<std::string, uint64_t>, Server> servers_;  // by start
};

}  // namespace

std::unique_ptr<Checker> one_log(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<OneLog>(context, ledger, cluster);
}

}  // namespace muster::sim
