// Withdrawals go in slices, each when others know of the last; what is added goes at once.

#include "broker/interests.hpp"

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

Subscriber subscriber(uint32_t client) {
  Subscriber subscriber;
  subscriber.client = client;
  return subscriber;
}

TEST(Interests, WithdrawalsDoNotWaitForWhatIsAddedMeanwhile) {
  Interests interests;
  constexpr size_t count = 2 * Interests::withdrawn_at_once;
  for (size_t i = 0; i < count; ++i) interests.add(std::to_string(i), subscriber(1));
  EXPECT_EQ(interests.take_change(0).added.size(), count);
  for (size_t i = 0; i < count; ++i) interests.remove(std::to_string(i), 1);
  EXPECT_EQ(interests.take_change(1).removed.size(), Interests::withdrawn_at_once);  // number 2
  EXPECT_FALSE(interests.changed(1));
  interests.add("new", subscriber(1));
  RouteChange change = interests.take_change(1);  // number 3
  EXPECT_EQ(change.added, std::vector<std::string>{"new"});
  EXPECT_TRUE(change.removed.empty());
  EXPECT_TRUE(interests.changed(2));
  EXPECT_EQ(interests.take_change(2).removed.size(), Interests::withdrawn_at_once);
  EXPECT_FALSE(interests.changed(4));
}

TEST(Interests, WhatIsWantedAgainIsNotWithdrawn) {
  Interests interests;
  interests.add("a", subscriber(1));
  interests.take_change(0);
  interests.remove("a", 1);
  interests.add("a", subscriber(2));
  const RouteChange again = interests.take_change(1);
  EXPECT_EQ(again.added, std::vector<std::string>{"a"});
  EXPECT_TRUE(again.removed.empty());
  interests.add("b", subscriber(1));
  interests.remove("b", 1);
  const RouteChange nothing = interests.take_change(2);
  EXPECT_TRUE(nothing.added.empty());
}

}  // namespace
}  // namespace muster::broker
