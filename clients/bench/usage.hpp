#pragma once
// CPU time and memory of the broker's processes, of ourselves and of the whole machine, from /proc.
// Reads files: between measurements, never within.

#include <cstdint>
#include <vector>

#include "clients/bench/clock.hpp"

namespace muster::clients::bench {

struct Usage {
  double cpu_s = 0;  // user and system, of all threads
  uint64_t resident_bytes = 0;
  uint64_t peak_bytes = 0;
};

// Of these processes together. Throws Failure when there is no such process.
Usage usage_of(const std::vector<int>& pids);

double own_cpu_s();
double machine_cpu_s();  // what all processes have used; 0 when it cannot be told

}  // namespace muster::clients::bench
