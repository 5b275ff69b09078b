#pragma once
// Makes the calling thread's sleeps end when they were asked to, and not up to 50 us later, as the
// kernel otherwise allows itself. For whoever measures microseconds.

namespace muster::net {

void wake_on_time();

}  // namespace muster::net
