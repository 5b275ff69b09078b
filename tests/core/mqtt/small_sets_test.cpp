// Label and NumberSet: what the topic tree's nodes are made of.

#include <gtest/gtest.h>

#include <vector>

#include "core/mqtt/label.hpp"
#include "core/mqtt/number_set.hpp"

namespace muster::mqtt {
namespace {

static_assert(sizeof(Label) == 16 && sizeof(NumberSet<2>) == 16);

TEST(Label, HoldsTextsOfEverySize) {
  for (const size_t size : {0, 1, 14, 15, 16, 17, 255, 65'535}) {
    const Bytes text(size, size % 2 ? '\0' : '\x10');
    Label label{text};
    EXPECT_EQ(label.view(), text) << size;
    Label moved = std::move(label);
    EXPECT_EQ(moved.view(), text) << size;
    label = Label("short");
    std::swap(label, moved);
    EXPECT_EQ(label.view(), text) << size;
    EXPECT_EQ(moved.view(), "short");
  }
}

TEST(NumberSet, AddsRemovesAndVisitsInOrder) {
  NumberSet<2> set;
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.begin(), set.end());
  for (const uint8_t number : std::vector<uint8_t>{127, 0, 63, 64, 5}) EXPECT_TRUE(set.add(number));
  EXPECT_FALSE(set.add(64));
  EXPECT_EQ(std::vector<uint8_t>(set.begin(), set.end()),
            (std::vector<uint8_t>{0, 5, 63, 64, 127}));
  EXPECT_TRUE(set.remove(127));
  EXPECT_FALSE(set.remove(126));
  for (const uint8_t number : std::vector<uint8_t>{0, 63, 5}) EXPECT_TRUE(set.remove(number));
  EXPECT_EQ(std::vector<uint8_t>(set.begin(), set.end()), (std::vector<uint8_t>{64}));
  EXPECT_TRUE(set.remove(64));
  EXPECT_TRUE(set.empty());
}

}  // namespace
}  // namespace muster::mqtt
