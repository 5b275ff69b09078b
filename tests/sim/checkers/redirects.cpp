// Each task that a server has is answered, refused or redirected, once; none is redirected twice,
// and none while a lower one is queued.

#include <algorithm>
#include <map>
#include <optional>

#include "tests/sim/checkers/rules.hpp"

namespace muster::sim {
namespace {

class Redirects final : public Checker {
 public:
  Redirects(Context& context, const Ledger& ledger, Cluster& cluster)
      : Checker("redirects", context, ledger, cluster) {}

  void arrived(const std::string&, const std::string& to, const wire::Message& message) override {
    judge_last_turn();
    const auto* ask = std::get_if<wire::AskTask>(&message);
    if (!ask) return;
    Server& server = at(to);
    Held held{ask->task.priority, ask->task.redirected, ++arrivals_, context_.now()};
    // The asker may ask again. A copy that is opened after the first has left (the server was
    // frozen, both lay in one heap) is a task of its own.
    const bool is_new = server.held.try_emplace(ask->task.id, held).second;
    if (!is_new) server.copies.emplace(ask->task.id, held);
  }

  void sent(const std::string& from, const std::string& to, const wire::Message& message) override {
    judge_last_turn();
    if (from[0] == 'b') return;
    if (const auto* answer = std::get_if<wire::TaskAnswer>(&message)) {
      if (!leave(at(from), answer->answer.id)) {
        broken("{} answers a task of {} that it does not have", from, to);
      }
      return;
    }
    const auto* ask = std::get_if<wire::AskTask>(&message);
    if (!ask || (from[0] == 'q' && to[0] == 'q')) return;
    redirect(from, to, ask->task);
  }

  void quiet() override {
    judge_last_turn();
    for (const auto& [name, server] : servers_) {
      if (server.start != cluster_.starts(name)) continue;
      for (const auto& [id, held] : server.held) {
        // A link that is not up drops what arrives; when nothing is broken all links are.
        const Instant answered_by = held.at + seconds(5);
        if (answered_by > context_.now()) continue;
        if (!ledger_.calm(held.at - seconds(5), answered_by)) continue;
        broken("{} has never answered task {:x}.{}", name, static_cast<uint64_t>(id.asker),
               id.number);
      }
    }
  }

 private:
  struct Held {
    wire::Priority priority;
    bool redirected;
    uint64_t arrival;
    Instant at;
  };
  struct Server {
    uint64_t start = 0;
    std::map<wire::TaskId, Held> held;
    std::multimap<wire::TaskId, Held> copies;  // that came while it was held
  };
  struct Redirect {
    std::string server;
    wire::TaskId id;
    Held held;
    std::map<wire::TaskId, Held> lower;  // that were there
  };

  Server& at(const std::string& name) {
    Server& server = servers_[name];
    if (server.start != cluster_.starts(name)) server = {cluster_.starts(name), {}, {}};
    return server;
  }

  // The task goes; its copies may go after it. What is sent on had come first hand, if any had;
  // what is answered may as well be the copy that had not.
  static std::optional<Held> leave(Server& server, const wire::TaskId& id, bool onward = false) {
    const auto copies = server.copies.equal_range(id);
    for (auto copy = copies.first; copy != copies.second; ++copy) {
      const auto held = server.held.find(id);
      if (held == server.held.end() || copy->second.redirected == onward) continue;
      if (held->second.redirected == onward) std::swap(held->second, copy->second);
    }
    if (const auto it = server.held.find(id); it != server.held.end()) {
      const Held held = it->second;
      server.held.erase(it);
      return held;
    }
    if (copies.first == copies.second) return std::nullopt;
    const Held held = copies.first->second;
    server.copies.erase(copies.first);
    return held;
  }

  void redirect(const std::string& from, const std::string& to, const wire::Task& task) {
    Server& server = at(from);
    const auto left = leave(server, task.id, true);
    if (!left) broken("{} redirects a task to {} that it does not have", from, to);
    const Held held = *left;
    if (held.redirected) {
      broken("{} redirects task {:x}.{} to {} for the second time", from,
             static_cast<uint64_t>(task.id.asker), task.id.number, to);
    }
    if (from == "control" ? !task.redirected : task.redirected) {
      broken("{} redirects to {} a task that says redirected = {}", from, to, task.redirected);
    }
    if (from == "control") return;
    Redirect done{from, task.id, held, {}};
    for (const auto& [id, other] : server.held) {
      if (other.priority < held.priority && other.arrival < held.arrival)
        done.lower.emplace(id, other);
    }
    turn_.push_back(std::move(done));
    turn_at_ = context_.now();
  }

  // Of each priority as many tasks may be begun as there are workers; whatever of the others is
  // still there after the turn was queued when a higher one left.
  void judge_last_turn() {
    if (turn_.empty() || turn_at_ == context_.now()) return;
    // Over broken links a task is not heard, or its answer is not said.
    const bool calm = ledger_.calm(turn_at_ - seconds(6), turn_at_);
    for (const Redirect& redirect : calm ? turn_ : std::vector<Redirect>{}) {
      std::map<wire::Priority, uint32_t> queued;
      for (const auto& [id, held] : redirect.lower) {
        if (at(redirect.server).held.contains(id)) ++queued[held.priority];
      }
      for (const auto& [priority, count] : queued) {
        if (count <= cluster_.options().query.workers) continue;
        broken("{} redirected a task of priority {} while {} of priority {} were there",
               redirect.server, static_cast<int>(redirect.held.priority), count,
               static_cast<int>(priority));
      }
    }
    turn_.clear();
  }

  std::map<std::string, Server> servers_;
  std::vector<Redirect> turn_;
  Instant turn_at_{};
  uint64_t arrivals_ = 0;
};

}  // namespace

std::unique_ptr<Checker> redirects(Context& context, const Ledger& ledger, Cluster& cluster) {
  return std::make_unique<Redirects>(context, ledger, cluster);
}

}  // namespace muster::sim
