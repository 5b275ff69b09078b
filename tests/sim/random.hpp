#pragma once
// The only source of chance in a simulated world: xoshiro256**, seeded by splitmix64, so that a
// seed means the same world with every standard library. Owned by one world.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/time.hpp"

namespace muster::sim {

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) word = split(seed);
  }

  uint64_t next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  uint64_t below(uint64_t bound) {
    MUSTER_CHECK(bound > 0);
    return next() % bound;
  }
  uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
  Duration between(Duration low, Duration high) {
    return Duration(static_cast<Duration::rep>(
        between(static_cast<uint64_t>(low.count()), static_cast<uint64_t>(high.count()))));
  }
  bool percent(uint64_t chance) { return below(100) < chance; }
  bool permille(uint64_t chance) { return below(1000) < chance; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  // An independent source: what one part of the world draws does not shift what another draws.
  Random fork() { return Random(next()); }

 private:
  static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static uint64_t split(uint64_t& seed) {
    seed += 0x9E3779B97F4A7C15u;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  uint64_t state_[4];
};

}  // namespace muster::sim
