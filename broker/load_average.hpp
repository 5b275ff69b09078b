#pragma once
// How fast a counter rises: per minute, averaged over 1, 5 and 15 minutes, as Mosquitto's
// $SYS/broker/load and a system's load average are. Fed at each look, whatever the time between two
// looks. A plain value.

#include <array>
#include <cmath>
#include <cstdint>

#include "core/base/time.hpp"

namespace muster::broker {

class LoadAverage {
 public:
  static constexpr std::array<int, 3> minutes = {1, 5, 15};

  // `passed`: since the look before; more than 0.
  void look(uint64_t counter, Duration passed) {
    const double seconds = std::chrono::duration<double>(passed).count();
    const double rate = static_cast<double>(counter - counter_) * 60.0 / seconds;
    counter_ = counter;
    for (size_t i = 0; i < minutes.size(); ++i) {
      const double kept = std::exp(-seconds / (60.0 * minutes[i]));
      averages_[i] = rate + kept * (averages_[i] - rate);
    }
  }
  double over(size_t which) const { return averages_[which]; }  // index into `minutes`

 private:
  uint64_t counter_ = 0;
  std::array<double, 3> averages_{};
};

}  // namespace muster::broker
