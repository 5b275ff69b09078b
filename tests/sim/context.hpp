#pragma once
// What every part of one world shares: virtual time, chance, the trace, and the knobs that its seed
// has set. Owned by the World; everything in a world runs on one thread.

#include <stdexcept>
#include <string>
#include <utility>

#include "core/base/time.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/schedule.hpp"
#include "tests/sim/trace.hpp"

namespace muster::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A rule of protocol.md does not hold: the world ends here.
struct Violation : std::runtime_error {
  Violation(std::string rule_name, const std::string& text)
      : std::runtime_error(text), rule(std::move(rule_name)) {}
  std::string rule;
};

// How rough this world is; drawn once from its seed (scenario.cpp).
struct Knobs {
  Duration turn_max = microseconds(100);    // from an event to the turn that sees it
  Duration parcel_max = microseconds(200);  // between the threads of one broker
  Duration link_min = microseconds(50);     // a frame between nodes
  Duration link_max = milliseconds(2);
  uint32_t link_spike_permille = 0;  // frames that take up to link_spike
  Duration link_spike = milliseconds(50);
  Duration client_max = milliseconds(3);  // bytes between a client and its broker
  uint32_t cut_percent = 20;              // client bytes cut at a random point
  Duration store_max = milliseconds(2);   // one commit
  uint32_t store_fail_permille = 0;       // commits that fail once
  bool keep_while_down = true;     // a dialler's frames wait for the connection, as ZeroMQ's do
  uint32_t late_percent = 10;      // broken connections whose frames under way still arrive
  size_t socket_bytes = 64 << 10;  // towards a client: more waits in the shard's outbox
};

struct Context {
  Schedule& schedule;
  Random& random;
  Trace& trace;
  const Knobs& knobs;

  Instant now() const { return schedule.now(); }
  template <class... Args>
  void note(fmt::format_string<Args...> format, const Args&... args) const {
    trace.line(schedule.now(), format, args...);
  }
};

}  // namespace muster::sim
