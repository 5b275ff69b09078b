#pragma once
// Breaks things while a world is rough, notes each fault in the ledger, and mends everything for
// the quiet. Owned by the World.

#include <set>
#include <string>
#include <vector>

#include "tests/sim/cluster.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/scenario.hpp"

namespace muster::sim {

class Chaos {
 public:
  Chaos(Context& context, Ledger& ledger, Cluster& cluster, Network& network, FaultPlan plan)
      : context_(context),
        ledger_(ledger),
        cluster_(cluster),
        network_(network),
        plan_(std::move(plan)) {}

  void begin(Instant until);
  void mend();  // no more faults; all links whole, all nodes up

 private:
  void later();
  void strike();
  size_t note(std::string kind, std::vector<std::string> nodes, Instant until);
  void kill(const std::string& name, bool power);
  void stop(const std::string& name);
  void restart(const std::string& name, size_t fault);
  void cut(const std::string& a, const std::string& b, bool both, Duration span);
  void heal(const std::string& a, const std::string& b, size_t fault);
  void isolate(const std::string& name);
  void freeze(const std::string& name);
  void depose();
  Duration length() { return context_.random.between(milliseconds(50), plan_.length); }
  std::string other(const std::string& name);

  Context& context_;
  Ledger& ledger_;
  Cluster& cluster_;
  Network& network_;
  FaultPlan plan_;
  std::set<std::string> stopping_;
  bool active_ = false;
  uint64_t round_ = 0;
  Instant until_{};
};

}  // namespace muster::sim
