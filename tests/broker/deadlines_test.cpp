#include "broker/deadlines.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>

namespace muster::broker {
namespace {

TEST(Deadlines, AgreeWithASortedSetUnderRandomChanges) {
  std::mt19937_64 random(1);
  Deadlines deadlines;
  std::set<std::pair<Instant, uint32_t>> expected;
  std::vector<Instant> of(200, never);
  for (int turn = 0; turn < 20'000; ++turn) {
    const auto client = static_cast<uint32_t>(random() % of.size());
    expected.erase({of[client], client});
    of[client] = random() % 3 == 0 ? never : Instant(std::chrono::seconds(random() % 100));
    if (of[client] != never) expected.insert({of[client], client});
    deadlines.set(client, of[client]);
    ASSERT_EQ(deadlines.next(), expected.empty() ? never : expected.begin()->first);
    uint32_t first = 0;
    ASSERT_EQ(deadlines.first_due(Instant(std::chrono::seconds(1000)), first), !expected.empty());
    if (!expected.empty()) {
      ASSERT_EQ(first, expected.begin()->second);
    }
  }
}

TEST(Deadlines, AreRoundedUpToAQuarterOfASecond) {
  Deadlines deadlines;
  deadlines.set(7, Instant(std::chrono::milliseconds(1001)));
  EXPECT_EQ(deadlines.next(), Instant(std::chrono::milliseconds(1250)));
  uint32_t client = 0;
  EXPECT_FALSE(deadlines.first_due(Instant(std::chrono::milliseconds(1249)), client));
  EXPECT_TRUE(deadlines.first_due(Instant(std::chrono::milliseconds(1250)), client));
  EXPECT_EQ(client, 7u);
}

}  // namespace
}  // namespace muster::broker
