#include "control/score.hpp"

#include <algorithm>
#include <array>

namespace muster::control {

namespace {

double least_loaded(const Candidate& server) {
  return -static_cast<double>(server.units);
}

double round_robin(const Candidate& server) {
  return -static_cast<double>(server.chosen_last);
}

// By what it can do: a server with twice the workers gets twice as much.
double weighted(const Candidate& server) {
  return -static_cast<double>(server.units) / std::max(1u, server.workers);
}

// A server takes a task as if what it holds of lower priorities were not there.
double accept_from_priority(const Candidate& server) {
  return -static_cast<double>(server.units_ahead);
}

struct Row {
  Strategy strategy;
  const char* name;
  Score score;
};
constexpr std::array<Row, 4> rows = {{
    {Strategy::least_loaded, "least-loaded", least_loaded},
    {Strategy::round_robin, "round-robin", round_robin},
    {Strategy::weighted, "weighted", weighted},
    {Strategy::accept_from_priority, "accept-from-priority", accept_from_priority},
}};

}  // namespace

Score score_of(Strategy strategy) {
  return rows.at(static_cast<size_t>(strategy)).score;
}

const char* to_string(Strategy strategy) {
  return rows.at(static_cast<size_t>(strategy)).name;
}

std::optional<Strategy> strategy_from(std::string_view name) {
  for (const Row& row : rows)
    if (row.name == name) return row.strategy;
  return std::nullopt;
}

}  // namespace muster::control
