// Links over hundreds of histories. MUSTER_SEED=n runs one of them alone, MUSTER_SEEDS=n so many.

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/core/wire/world.hpp"

namespace muster::wire::testing {
namespace {

constexpr uint64_t seeds = 400;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(LinksWorld, KeepsItsPromises) {
  const uint64_t only = number_from("MUSTER_SEED", 0);
  const uint64_t first = only ? only : 1;
  const uint64_t last = only ? only : number_from("MUSTER_SEEDS", seeds);
  uint64_t received = 0, ended = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    World world(seed);
    world.run();
    for (const std::string& fault : world.faults())
      ADD_FAILURE() << "seed " << seed << ": " << fault;
    if (HasFailure()) break;
    received += world.received();
    ended += world.ended();
  }
  std::printf("%llu items received, %llu streams ended\n",
              static_cast<unsigned long long>(received), static_cast<unsigned long long>(ended));
}

TEST(LinksWorld, SameSeedSameHistory) {
  World one(7), two(7);
  one.run();
  two.run();
  EXPECT_EQ(one.trace(), two.trace());
  EXPECT_GT(one.received(), 100u);
}

}  // namespace
}  // namespace muster::wire::testing
