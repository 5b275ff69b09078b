#pragma once
// Acknowledgements that wait until nodes have taken the publications: by token, which rises. One is
// noted and ended for each run that leaves the broker, so nothing is allocated for it. Bounded by
// what publishers may have under way. Owned by a shard, one thread.

#include <cstdint>
#include <vector>

#include "core/base/flat_index.hpp"

namespace muster::broker {

struct Withheld {
  uint64_t token = 0;
  uint32_t client = 0;
  uint32_t generation = 0;
  uint32_t targets = 0;  // that have not taken them
  uint32_t count = 1;    // of publications: their tokens follow each other
};

class WithheldTable {
 public:
  void add(const Withheld& withheld) {
    if (unused_.empty()) {
      unused_.push_back(static_cast<uint32_t>(places_.size()));
      places_.emplace_back();
    }
    const uint32_t place = unused_.back();
    unused_.pop_back();
    places_[place] = withheld;
    index_.insert(hash(withheld.token), place);
  }

  // Lives until the next add() or erase(). nullptr: there is none.
  Withheld* find(uint64_t token) {
    const uint32_t place = place_of(token);
    return place == FlatIndex::none ? nullptr : &places_[place];
  }

  void erase(uint64_t token) {
    const uint32_t place = place_of(token);
    MUSTER_CHECK(place != FlatIndex::none);
    index_.erase(hash(token), place);
    unused_.push_back(place);
  }

 private:
  // Tokens follow each other: spread, or what is probed would be one long run.
  static uint32_t hash(uint64_t token) {
    return static_cast<uint32_t>(token * 0x9E3779B97F4A7C15u >> 32);
  }
  uint32_t place_of(uint64_t token) const {
    return index_.find(hash(token), [&](uint32_t place) { return places_[place].token == token; });
  }

  std::vector<Withheld> places_;
  std::vector<uint32_t> unused_;
  FlatIndex index_;
};

}  // namespace muster::broker
