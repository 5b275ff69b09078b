#include "core/net/wake_on_time.hpp"

#include <sys/prctl.h>

namespace muster::net {

void wake_on_time() {
  prctl(PR_SET_TIMERSLACK, 1UL);
}

}  // namespace muster::net
