#pragma once
// Time for the load generator: nanoseconds of the monotonic clock, which also stand in payloads.

#include <chrono>
#include <cstdint>

namespace muster::clients::bench {

using Nanos = std::chrono::nanoseconds;

inline Nanos now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

inline double seconds_of(Nanos span) {
  return std::chrono::duration<double>(span).count();
}

inline Nanos nanos_of(double seconds) {
  return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(seconds));
}

}  // namespace muster::clients::bench
