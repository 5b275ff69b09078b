#pragma once
// The receiving strategies (design.md section 7): each is a score; among the servers with free
// credit the greatest score gets the task, of equal ones the first by name. Pure functions.

#include <cstdint>
#include <optional>
#include <string_view>

#include "control/options.hpp"

namespace muster::control {

// A query server that could take a task of some priority.
struct Candidate {
  uint64_t units = 0;        // load that it reported, and what control has sent since
  uint64_t units_ahead = 0;  // of those, what would be served before the task: tasks of its
                             // priority and above
  uint32_t workers = 1;
  uint64_t chosen_last = 0;  // rises with each task that is redirected; 0: never
};

using Score = double (*)(const Candidate& candidate);
Score score_of(Strategy strategy);

const char* to_string(Strategy strategy);
std::optional<Strategy> strategy_from(std::string_view name);

}  // namespace muster::control
