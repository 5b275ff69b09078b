#include "core/base/hash.hpp"

#include <xxhash.h>

namespace muster {

uint32_t hash_of(BytesView bytes) {
  return static_cast<uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace muster
