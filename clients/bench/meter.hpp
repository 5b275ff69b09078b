#pragma once
// What a stretch of a run has cost: two looks at the clock and at /proc, and their difference.

#include <string>
#include <vector>

#include "clients/bench/clock.hpp"
#include "clients/bench/report.hpp"
#include "clients/bench/traffic.hpp"
#include "clients/bench/usage.hpp"

namespace muster::clients::bench {

struct Moment {
  Nanos at{};
  Usage broker;
  double own_cpu_s = 0;
  double machine_cpu_s = 0;
};

class Meter {
 public:
  // Processes of the broker; none: only the clock is read.
  explicit Meter(std::vector<int> broker_pids) : pids_(std::move(broker_pids)) {}

  Moment look() const;
  bool knows_broker() const { return !pids_.empty(); }

  // Units (messages, connections) a second, and their cost to the broker and to us.
  void write(const Moment& from, const Moment& to, uint64_t units, Report& report) const;
  // Memory that `units` took between the two, each.
  void write_memory(const Moment& from, const Moment& to, uint64_t units, const std::string& name,
                    Report& report) const;

 private:
  std::vector<int> pids_;
};

// What was sent, what arrived, and what went wrong on the way.
void write_counts(const Traffic& traffic, Report& report);

}  // namespace muster::clients::bench
