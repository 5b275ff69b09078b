#include "global/log_ring.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::global {
namespace {

std::vector<uint64_t> numbers_behind(const LogRing& ring, uint64_t number) {
  std::vector<uint64_t> numbers;
  ring.behind(number, [&](uint64_t at, uint16_t slot, BytesView bytes) {
    EXPECT_EQ(slot, at % 7);
    EXPECT_EQ(bytes, std::to_string(at));
    numbers.push_back(at);
    return true;
  });
  return numbers;
}

void push(LogRing& ring, uint64_t number) {
  ring.push({number, static_cast<uint16_t>(number % 7), std::to_string(number)});
}

TEST(LogRing, HasWhatIsBehindItsFloorAndNothingElse) {
  LogRing ring(50);
  ring.set_floor(10);
  for (uint64_t number = 11; number <= 1000; number += 3) {
    push(ring, number);
    const std::vector<uint64_t> all = numbers_behind(ring, 0);
    ASSERT_LE(all.size(), 50u);
    ASSERT_EQ(all.back(), number);
    ASSERT_EQ(ring.floor(), all.front() == 11 ? 10 : all.front() - 3);
    if (number > 200) {
      ASSERT_GE(all.size(), 47u);  // a block has three
    }
  }
  EXPECT_EQ(numbers_behind(ring, 990), (std::vector<uint64_t>{992, 995, 998}));
  EXPECT_EQ(numbers_behind(ring, 992), (std::vector<uint64_t>{995, 998}));
  EXPECT_TRUE(numbers_behind(ring, 998).empty());
}

TEST(LogRing, StopsWhenToldAndTakesWhatIsLargerThanABlock) {
  LogRing ring(1000);
  for (uint64_t number = 1; number <= 3; ++number) {
    ring.push({number, 0, Bytes(100'000, static_cast<char>(number))});
  }
  std::vector<uint64_t> seen;
  ring.behind(0, [&](uint64_t number, uint16_t, BytesView bytes) {
    EXPECT_EQ(bytes, Bytes(100'000, static_cast<char>(number)));
    seen.push_back(number);
    return number < 2;
  });
  EXPECT_EQ(seen, (std::vector<uint64_t>{1, 2}));
}

}  // namespace
}  // namespace muster::global
