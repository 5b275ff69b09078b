#pragma once
// Where a text stands in a table in memory. Nothing that is stored or sent depends on it: for that
// there is digest.hpp. Pure, any thread.

#include <cstdint>

#include "core/base/bytes.hpp"

namespace muster {

uint32_t hash_of(BytesView bytes);

}  // namespace muster
