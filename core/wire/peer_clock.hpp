#pragma once
// A peer's monotonic clock, read on ours. Each frame says what its sender's clock showed; the frame
// that was fastest on its way tells how far the two clocks lie apart, but for its time on the way.
// So what waited in a queue of either side looks no younger for it. Only frames of the last 5 to
// 10 s count: clocks drift (50 millionths, half a millisecond in that time). Inside core/wire only.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/time.hpp"

namespace muster::wire {

class PeerClock {
 public:
  void heard(Instant now, int64_t clock_us) {
    if (now >= next_period_) {
      before_ = std::exchange(nearest_, Duration::max());
      next_period_ = now + period;
    }
    nearest_ = std::min(nearest_, now - instant(clock_us));
  }
  // After heard(): not later than now.
  int64_t here(Instant now, int64_t theirs_us) const {
    const Instant here = instant(theirs_us) + std::min(nearest_, before_);
    return std::min(here, now).time_since_epoch().count();
  }

 private:
  static constexpr Duration period = std::chrono::seconds(5);
  // Whatever a peer says is a time that can be reckoned with.
  static Instant instant(int64_t us) {
    return Instant(Duration(std::clamp<int64_t>(us, 0, int64_t{1} << 60)));
  }

  Duration nearest_ = Duration::max();  // in this period
  Duration before_ = Duration::max();   // in the one before
  Instant next_period_ = Instant::min();
};

}  // namespace muster::wire
