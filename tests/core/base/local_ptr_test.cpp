#include "core/base/local_ptr.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace muster {
namespace {

struct Counted {
  static inline int alive = 0;
  Counted() { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  int value = 0;
};

TEST(LocalPtr, TheLastOwnerEndsIt) {
  auto first = LocalPtr<Counted>::make();
  {
    LocalPtr<Counted> second = first;
    second->value = 7;
    first.reset();
    EXPECT_FALSE(first);
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_EQ((*second).value, 7);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(LocalPtr, AssignmentLetsGoOfWhatWasThere) {
  auto one = LocalPtr<Counted>::make();
  auto other = LocalPtr<Counted>::make();
  other->value = 2;
  one = other;
  EXPECT_EQ(Counted::alive, 1);
  one = std::move(other);
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_FALSE(other);
  LocalPtr<Counted>& same = one;
  one = same;
  EXPECT_EQ(one->value, 2);
  one = {};
  EXPECT_EQ(Counted::alive, 0);
}

TEST(LocalPtr, BytesStandBehindTheObject) {
  const auto block = LocalPtr<uint64_t>::make(5);
  std::memcpy(block.tail(), "tail!", 5);
  *block = UINT64_MAX;
  EXPECT_EQ(std::string(block.tail(), 5), "tail!");
}

}  // namespace
}  // namespace muster
