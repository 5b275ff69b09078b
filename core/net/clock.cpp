#include "core/net/clock.hpp"

#include <sys/random.h>

#include <chrono>
#include <climits>

#include "core/base/check.hpp"

namespace muster::net {

Now now() {
  using std::chrono::duration_cast;
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {Instant(duration_cast<Duration>(mono)),
          {duration_cast<std::chrono::milliseconds>(wall).count()}};
}

int wait_ms(Duration timeout) {
  if (timeout == Duration::max()) return -1;
  if (timeout <= Duration::zero()) return 0;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return ms > INT_MAX ? INT_MAX : static_cast<int>(ms);
}

Duration until(Instant wake, Instant now) {
  if (wake == never) return Duration::max();
  return wake <= now ? Duration::zero() : wake - now;
}

uint64_t random_number() {
  uint64_t number = 0;
  MUSTER_CHECK(getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

Incarnation random_incarnation() {
  uint64_t number = 0;
  while (number == 0) {
    number = random_number();
  }
  return static_cast<Incarnation>(number);
}

}  // namespace muster::net
