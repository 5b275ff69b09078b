#include "core/base/ids.hpp"

#include <xxhash.h>

namespace muster {

Slot slot_of(BytesView name) {
  return static_cast<Slot>(XXH64(name.data(), name.size(), 0) % slot_count);
}

}  // namespace muster
