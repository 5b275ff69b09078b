#pragma once
// A process's own clocks: its monotonic one starts anywhere and runs a little fast or slow, its
// wall clock is off by some seconds (protocol.md: each on its own monotonic clock).

#include "core/base/time.hpp"
#include "tests/sim/random.hpp"

namespace muster::sim {

class LocalClock {
 public:
  LocalClock(Random& random, Instant started, int64_t wall_error_ms)
      : started_(started),
        offset_(static_cast<int64_t>(random.between(1, 1'000'000'000))),
        drift_ppm_(static_cast<int64_t>(random.between(0, 1000)) - 500),
        wall_ms_(epoch_ms + wall_error_ms) {}

  Now at(Instant truth) const {
    const Duration run = truth - started_;
    const Instant mono(offset_ + run + run * drift_ppm_ / 1'000'000);
    return {mono, {wall_ms_ + truth.time_since_epoch().count() / 1000}};
  }
  // The first true instant at which this clock has reached `local`, its start if it always had;
  // `never` if that is far away.
  Instant truth(Instant local) const {
    if (local.time_since_epoch() <= offset_) return started_;
    if (local.time_since_epoch() > offset_ + std::chrono::hours(24)) return never;
    const Duration shown = local.time_since_epoch() - offset_;
    Instant truth = started_ + shown - shown * drift_ppm_ / 1'000'000;
    while (at(truth).mono < local) truth += Duration(1);
    return truth;
  }

  static constexpr int64_t epoch_ms = 1'790'000'000'000;

 private:
  Instant started_;
  Duration offset_;
  int64_t drift_ppm_;
  int64_t wall_ms_;
};

}  // namespace muster::sim
