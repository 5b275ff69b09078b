#include "core/base/lazy.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace muster {
namespace {

TEST(Lazy, ReadsAsEmptyUntilSomethingIsPutIn) {
  Lazy<std::vector<int>> numbers;
  EXPECT_TRUE(numbers->empty());
  EXPECT_TRUE(numbers.take().empty());
  numbers.make().push_back(1);
  numbers.make().push_back(2);
  EXPECT_EQ(*numbers, (std::vector{1, 2}));
  EXPECT_EQ(numbers.take(), (std::vector{1, 2}));
  EXPECT_TRUE(numbers->empty());
}

}  // namespace
}  // namespace muster
