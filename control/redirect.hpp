#pragma once
// Where an excess task goes: the query server with the best score among those that hold its slots
// and have free credit (design.md section 7). Credit is what a server's last Load offers, less what
// was sent since and is not in it yet. Keeps counts, never a task. Owned by Control, one thread.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "control/options.hpp"
#include "control/score.hpp"
#include "control/slot_map.hpp"
#include "core/base/time.hpp"
#include "core/wire/messages.hpp"

namespace muster::control {

class Redirect {
 public:
  explicit Redirect(Strategy strategy) : score_(score_of(strategy)) {}

  void server_gone(const std::string& server) { servers_.erase(server); }
  void load(Now now, const std::string& server, const wire::Load& load);
  bool in_pool(const std::string& server) const;  // said that it can be asked

  // The server for this task of `from`, charged with it; empty: nobody has credit.
  std::string choose(Now now, const wire::Task& task, const std::string& from, const SlotMap& map);

 private:
  struct Sent {
    wire::Priority priority = wire::Priority::normal;
    uint32_t units = 1;
    Instant at{};
  };
  struct Server {
    wire::Load load;
    std::deque<Sent> in_flight;  // not in `load` yet, oldest first
    std::array<uint64_t, wire::priority_count> in_flight_units{};
    uint64_t chosen_last = 0;
  };

  static uint32_t units_of(const wire::Task& task, const wire::Load& load);
  static void settle_oldest(Server& server);
  static uint64_t in_flight_from(const Server& server, wire::Priority priority);
  static Candidate candidate(const Server& server, wire::Priority priority);
  static uint64_t free_credit(const Server& server, wire::Priority priority);

  const Score score_;
  std::map<std::string, Server> servers_;  // those that are up and sent a Load
  uint64_t chosen_ = 0;
};

}  // namespace muster::control
