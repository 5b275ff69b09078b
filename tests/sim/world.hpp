#pragma once
// One seed, one world: the shipping minds of a small cluster, a network, clients and faults in
// virtual time on one thread. run() ends normally or throws the Violation of a rule.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/chaos.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/device.hpp"
#include "tests/sim/scenario.hpp"
#include "tests/sim/tap.hpp"

namespace muster::sim {

class World {
 public:
  World(uint64_t seed, Trace::Mode mode);
  ~World();

  void run();

  const Trace& trace() const { return trace_; }
  const Ledger& ledger() const { return ledger_; }
  const Scenario& scenario() const { return scenario_; }
  uint64_t steps() const { return schedule_.steps(); }
  const Tap::Seen& seen() const { return tap_.seen(); }

 private:
  void boot();
  void rough();
  void quiet();
  void roll_call();

  Trace trace_;
  Random random_;
  Schedule schedule_;
  Scenario scenario_;
  Context context_;
  Network network_;
  Ledger ledger_;
  Checkers checkers_;
  Tap tap_;
  Cluster cluster_;
  Chaos chaos_;
  std::vector<std::unique_ptr<Device>> devices_;
};

// What became of a seed.
struct Verdict {
  bool held = true;
  std::string rule;
  std::string what;
  uint64_t hash = 0;
  uint64_t steps = 0;
  Tap::Seen seen;
  std::vector<std::string> last_lines;
};
Verdict run_seed(uint64_t seed, Trace::Mode mode);

}  // namespace muster::sim
