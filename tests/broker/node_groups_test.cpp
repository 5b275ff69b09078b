// Groups of shared subscriptions between brokers: what they hear of each other's members, and which
// shard gets what.

#include "broker/node_groups.hpp"

#include <gtest/gtest.h>

#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

const std::string group = "$share/g/a";

TEST(NodeGroups, PicksShardsByTheirMembers) {
  NodeGroups groups(3);
  groups.changed(ShardIndex{0}, {group, 1, 1, 0});
  groups.changed(ShardIndex{2}, {group, 3, 6, 0});
  EXPECT_EQ(groups.totals({group}), (std::vector<wire::GroupRoute>{{group, 4, 7, 0}}));
  int chosen[3] = {0, 0, 0};
  for (int i = 0; i < 400; ++i) ++chosen[static_cast<size_t>(groups.pick(group, true))];
  EXPECT_NEAR(chosen[0], 100, 3);
  EXPECT_EQ(chosen[1], 0);
  groups.changed(ShardIndex{2}, {group, 0, 2, 0});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(static_cast<int>(groups.pick(group, true)), 0);
  groups.changed(ShardIndex{0}, {group, 0, 0, 0});
  groups.changed(ShardIndex{2}, {group, 0, 0, 0});
  EXPECT_EQ(groups.size(), 0u);
  EXPECT_EQ(groups.totals({group}), (std::vector<wire::GroupRoute>{{group, 0, 0, 0}}));
}

struct NodeGroupsTest : testing::Test {
  World world;
  TestBroker* a = &world.broker("a", 2);
  TestBroker* b = &world.broker("b", 2);

  // What a's shards know of b's members.
  std::vector<wire::GroupRoute> known() {
    std::vector<wire::GroupRoute> newest;
    for (const PeerRoutes& routes : a->all<PeerRoutes>(0)) {
      if (!routes.groups.empty()) newest = routes.groups;
    }
    return newest;
  }
  bool knows(const wire::GroupRoute& route) {
    return world.run_until([&] { return known() == std::vector<wire::GroupRoute>{route}; });
  }
  uint64_t bit_to_b() {
    b->want(0, "b's");
    if (!world.run_until([&] { return a->bit_of("b's") >= 0; })) return 0;
    return uint64_t{1} << a->bit_of("b's");
  }
};

TEST_F(NodeGroupsTest, CountsOfAllShardsAreAnnounced) {
  b->join(0, {group, 1, 2, 0});
  b->join(1, {group, 3, 3, 0});
  EXPECT_TRUE(knows({group, 4, 5, 0}));
  b->join(0, {group, 0, 0, 0});
  EXPECT_TRUE(knows({group, 3, 3, 0}));
}

TEST_F(NodeGroupsTest, ThoseMissedWhileAwayFollow) {
  b->join(0, {group, 1, 1, 0});
  ASSERT_TRUE(knows({group, 1, 1, 0}));
  world.cut("a", "b");
  world.run(3s);
  b->join(1, {group, 1, 1, 0});
  b->join(0, {group, 0, 0, 0});
  b->join(1, {group, 5, 5, 0});
  world.run(1s);
  world.heal();
  EXPECT_TRUE(knows({group, 5, 5, 0}));
}

TEST_F(NodeGroupsTest, APublicationGoesToTheShardThatHasMembers) {
  const uint64_t bit = bit_to_b();
  b->join(1, {group, 1, 1, 0});
  ASSERT_TRUE(knows({group, 1, 1, 0}));
  a->publish_shared(0, "a", group, bit, 7);
  ASSERT_TRUE(world.run_until([&] { return b->publications.size() == 1; }));
  EXPECT_EQ(static_cast<int>(b->publications[0].shard), 1);
  EXPECT_EQ(b->publications[0].share, group);
  EXPECT_TRUE(world.run_until([&] { return a->taken(0) == std::vector<uint64_t>{7}; }));
}

TEST_F(NodeGroupsTest, WhatWaitsForALostBrokerComesBack) {
  const uint64_t bit = bit_to_b();
  world.cut("a", "b");
  a->publish_shared(1, "a", group, bit, 7);
  world.run(1s);
  EXPECT_TRUE(a->publications.empty());
  ASSERT_TRUE(world.run_until([&] { return !a->publications.empty(); }, 20s));
  EXPECT_EQ(static_cast<int>(a->publications[0].shard), 1);
  EXPECT_EQ(a->publications[0].share, group);
  EXPECT_EQ(a->taken(1), std::vector<uint64_t>{7});
}

}  // namespace
}  // namespace muster::broker::node_testing
