#pragma once
// What a seed makes of a world: knobs, options, devices, and the faults while it is rough. Pure
// drawing; the World carries it out.

#include <string>
#include <vector>

#include "tests/sim/cluster.hpp"
#include "tests/sim/device.hpp"

namespace muster::sim {

struct FaultPlan {
  // Weights; all 0: a calm world.
  uint32_t kill = 0, stop = 0, power = 0, cut = 0, half_cut = 0, isolate = 0, breaks = 0, slow = 0,
           freeze = 0, depose = 0;
  Duration every = seconds(2);     // about
  Duration length = seconds(3);    // at most
  std::vector<std::string> nodes;  // that are touched
  bool any() const {
    return kill + stop + power + cut + half_cut + isolate + breaks + slow + freeze + depose > 0;
  }
};

struct Scenario {
  Knobs knobs;
  ClusterOptions options;
  FaultPlan faults;
  std::vector<Profile> devices;
  uint32_t rounds = 1;  // rough, then quiet
  Duration rough = seconds(8);
};

Scenario draw_scenario(Random& random);

// A few lines for whoever reads a trace.
std::vector<std::string> describe(const Scenario& scenario);

}  // namespace muster::sim
