#pragma once
// Up to which number this shard's routes are bound: known to every other shard of the broker and,
// through the Node, to every connected broker. SUBACK waits for it (protocol.md, Routes).

#include <algorithm>
#include <cstdint>
#include <vector>

namespace muster::broker {

class Binding {
 public:
  Binding(uint16_t self, uint16_t shards) : seen_(shards, 0) { seen_[self] = UINT64_MAX; }

  void seen_by_shard(uint16_t shard, uint64_t number) {
    seen_[shard] = std::max(seen_[shard], number);
  }
  void bound_at_peers(uint64_t number) { peers_ = std::max(peers_, number); }

  uint64_t bound() const { return std::min(peers_, *std::min_element(seen_.begin(), seen_.end())); }

 private:
  std::vector<uint64_t> seen_;  // by shard; itself: always
  uint64_t peers_ = 0;
};

}  // namespace muster::broker
