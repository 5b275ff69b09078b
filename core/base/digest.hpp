#pragma once
// XXH64(bytes, 0), as a number that says whether two texts are the same. Part of the store format.
// Pure, any thread.

#include <cstdint>

#include "core/base/bytes.hpp"

namespace muster {

uint64_t digest_of(BytesView bytes);

}  // namespace muster
