#include "core/base/digest.hpp"

#include <xxhash.h>

namespace muster {

uint64_t digest_of(BytesView bytes) {
  return XXH64(bytes.data(), bytes.size(), 0);
}

}  // namespace muster
