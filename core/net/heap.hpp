#pragma once
// How much memory this process has in use, as its allocator sees it. Any thread; not for hot paths.

#include <cstdint>

namespace muster::net {

uint64_t heap_in_use();  // bytes

}  // namespace muster::net
