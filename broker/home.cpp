// home_of(): XXH64 with a seed of its own, so that homes are independent of slots (XXH64, seed 0).

#include <xxhash.h>

#include "broker/letters.hpp"
#include "core/base/check.hpp"

namespace muster::broker {

ShardIndex home_of(BytesView client_id, uint16_t shards) {
  MUSTER_CHECK(shards > 0);
  constexpr uint64_t seed = 0x686F6D65;  // "home"
  return static_cast<ShardIndex>(XXH64(client_id.data(), client_id.size(), seed) % shards);
}

}  // namespace muster::broker
