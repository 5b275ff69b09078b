#include "core/base/incarnation.hpp"

namespace muster {

Incarnation next_incarnation(Incarnation incarnation) {
  uint64_t mixed = static_cast<uint64_t>(incarnation);
  do {  // splitmix64
    mixed += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    mixed ^= mixed >> 31;
  } while (mixed == 0);
  return static_cast<Incarnation>(mixed);
}

bool goes_on(Incarnation earlier, Incarnation later) {
  constexpr int steps_max = 8;
  for (int step = 0; step < steps_max && earlier != Incarnation::none; ++step) {
    earlier = next_incarnation(earlier);
    if (earlier == later) return true;
  }
  return false;
}

}  // namespace muster
