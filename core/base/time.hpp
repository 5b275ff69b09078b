#pragma once
// Time as minds see it: handed in, never read. Instant is monotonic and local to one process; it
// orders leases, deadlines and keep-alive. WallTime is for display and for expiry across a restart
// of global; order and ownership never use it (protocol.md, Names and numbers).

#include <chrono>
#include <cstdint>

namespace muster {

// A clock without now(): only hosts and the simulator know how to read one.
struct MonotonicClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

using Duration = MonotonicClock::duration;
using Instant = MonotonicClock::time_point;
constexpr Instant never = Instant::max();

struct WallTime {
  int64_t ms = 0;  // since 1970-01-01 UTC
  auto operator<=>(const WallTime&) const = default;
};

struct Now {
  Instant mono;
  WallTime wall;
};

}  // namespace muster
