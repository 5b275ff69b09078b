#include "core/net/heap.hpp"

#include <malloc.h>

namespace muster::net {

uint64_t heap_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace muster::net
