#pragma once
// How a process goes on whose incarnation was judged dead: under the next one, which follows from
// it. So whoever knew the process before can tell that its connections are the same. Pure, any
// thread.

#include "core/base/ids.hpp"

namespace muster {

// The same for the same input, and never none.
Incarnation next_incarnation(Incarnation incarnation);

// Is `later` the incarnation under which the process of `earlier` goes on? Looks a few steps far.
bool goes_on(Incarnation earlier, Incarnation later);

}  // namespace muster
