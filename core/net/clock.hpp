#pragma once
// The only place where a clock is read or a random number drawn. Any thread.

#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace muster::net {

Now now();

// Milliseconds for poll calls: rounded up, so that a timer is due when the call returns; -1 (for
// ever) from Duration::max().
int wait_ms(Duration timeout);
// From now until `wake` as a timeout: zero when it is over, Duration::max() for `never`.
Duration until(Instant wake, Instant now);

uint64_t random_number();          // from the kernel
Incarnation random_incarnation();  // never Incarnation::none

}  // namespace muster::net
