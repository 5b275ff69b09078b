#pragma once
// The figures of a run, in the order in which they were added: one JSON line for programs, a table
// for people.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "clients/bench/clock.hpp"
#include "clients/bench/histogram.hpp"

namespace muster::clients::bench {

class Report {
 public:
  void text(const std::string& name, const std::string& value);
  void count(const std::string& name, uint64_t value);
  void number(const std::string& name, double value, int decimals = 2);
  // p50, p99, p99.9 and the largest, in microseconds, as PREFIXp50_us and so on.
  void percentiles(const std::string& prefix, const Histogram& histogram);

  std::string json() const;
  std::string people() const;

 private:
  struct Figure {
    std::string name;
    std::string value;
    bool quoted = false;
  };
  std::vector<Figure> figures_;
};

// What something of which there were `units` cost each, in microseconds; 0 for none.
double us_each(double seconds, uint64_t units);
double per_second(uint64_t units, Nanos span);

}  // namespace muster::clients::bench
