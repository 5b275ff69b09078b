// Retained messages between a Node, its shards and global.

#include <gtest/gtest.h>

#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

using wire::RetainedKind;

struct NodeRetainedTest : testing::Test {
  World world;
  TestBroker* a = &world.broker("a", 2);
  TestPeer* global = nullptr;

  void start_global() {
    global = &world.peer("global", wire::Role::global);
    ASSERT_TRUE(world.run_until([&] { return global->up("a"); }));
    world.run(100ms);
  }
  static wire::RetainedEntry entry(const std::string& topic, const std::string& payload) {
    wire::RetainedEntry entry;
    entry.publication.topic = topic;
    entry.publication.payload = payload;
    return entry;
  }
  std::vector<wire::Publish> stored() { return global->all<wire::Publish>(); }
  // What the shards have been told, by topic.
  std::map<std::string, std::string> told() {
    std::map<std::string, std::string> values;
    for (uint16_t shard = 0; shard < 2; ++shard) {
      for (const auto& part : a->all<RetainedPart>(shard)) {
        for (const auto& value : part.values) {
          EXPECT_EQ(static_cast<uint16_t>(home_of(value.topic, 2)), shard);
          values[std::string(value.topic)] = std::string(value.payload);
        }
      }
    }
    return values;
  }
  Incarnation incarnation(const std::string& broker) {
    for (const wire::Received& event : global->received) {
      if (event.peer == broker) return event.incarnation;
    }
    return Incarnation::none;
  }
  uint64_t ready(uint16_t shard) {
    const auto* letter = a->last<RetainedReady>(shard);
    return letter == nullptr ? 0 : letter->number;
  }
};

TEST_F(NodeRetainedTest, GoToGlobalInOrderWhateverTheirQos) {
  start_global();
  a->publish_retained(0, "x", 0);
  a->publish_retained(1, "x", 7);
  a->publish_retained(0, "x", 0);
  a->publish(0, "x", 1, 8);
  ASSERT_TRUE(world.run_until([&] { return stored().size() == 4; }));
  EXPECT_EQ(stored()[0].retained, 1u);
  EXPECT_EQ(stored()[1].retained, 2u);
  EXPECT_EQ(stored()[2].retained, 3u);
  EXPECT_EQ(stored()[3].retained, 0u);
  EXPECT_EQ(stored()[0].publication.qos, 0);
  ASSERT_TRUE(world.run_until([&] { return !a->taken(1).empty(); }));
  EXPECT_EQ(a->taken(1), std::vector<uint64_t>{7});
}

TEST_F(NodeRetainedTest, WaitForGlobalAndKeepTheirOrder) {
  a->publish_retained(0, "x", 0);
  a->publish_retained(0, "y", 7);
  a->publish_retained(0, "z", 0);
  world.run(1s);
  start_global();
  ASSERT_TRUE(world.run_until([&] { return stored().size() == 3; }));
  EXPECT_EQ(stored()[0].publication.topic, "x");
  EXPECT_EQ(stored()[2].publication.topic, "z");
}

TEST_F(NodeRetainedTest, WhatGlobalSaysGoesToTheTopicsShards) {
  start_global();
  wire::Retained page{RetainedKind::page, {}, 0};
  for (int i = 0; i < 20; ++i) page.entries.push_back(entry("t" + std::to_string(i), "x"));
  global->stream("a", wire::Retained{RetainedKind::begin, {}, 0});
  global->stream("a", page);
  global->stream("a", wire::Retained{RetainedKind::end, {}, 0});
  ASSERT_TRUE(world.run_until([&] { return told().size() == 20; }));
  for (uint16_t shard = 0; shard < 2; ++shard) {
    const auto parts = a->all<RetainedPart>(shard);
    EXPECT_EQ(parts.front().kind, RetainedKind::begin);
    EXPECT_EQ(parts.back().kind, RetainedKind::end);
  }
}

TEST_F(NodeRetainedTest, EchoesAreToldByShardBehindTheChange) {
  start_global();
  a->publish_retained(1, "x", 0);
  a->publish_retained(1, "x", 0);
  a->publish_retained(0, "x", 0);
  ASSERT_TRUE(world.run_until([&] { return stored().size() == 3; }));
  wire::RetainedEntry change = entry("x", "payload");
  change.origin = incarnation("a");
  change.counter = 2;
  global->stream("a", wire::Retained{RetainedKind::change, {change}, 0});
  ASSERT_TRUE(world.run_until([&] { return a->last<RetainedEchoed>(0) != nullptr; }));
  EXPECT_EQ(a->last<RetainedEchoed>(0)->counters, (std::vector<uint64_t>{0, 2}));
  change.origin = Incarnation{999};
  change.counter = 3;
  global->stream("a", wire::Retained{RetainedKind::change, {change}, 0});
  world.run(100ms);
  EXPECT_EQ(a->last<RetainedEchoed>(1)->counters, (std::vector<uint64_t>{0, 2}));
  global->stream("a", wire::Retained{RetainedKind::begin, {}, 3});
  ASSERT_TRUE(world.run_until([&] { return a->last<RetainedEchoed>(1)->counters[0] == 1; }));
}

TEST_F(NodeRetainedTest, ReadersWaitForGlobalsAnswer) {
  start_global();
  a->send(0, RetainedWanted{1});
  a->send(1, RetainedWanted{4});
  a->send(0, RetainedWanted{2});
  ASSERT_TRUE(world.run_until([&] { return !global->all<wire::RetainedSync>().empty(); }));
  world.run(100ms);
  EXPECT_EQ(ready(0), 0u);
  global->stream("a", wire::RetainedSynced{global->all<wire::RetainedSync>().back().request});
  ASSERT_TRUE(world.run_until([&] { return ready(0) > 0; }));
  ASSERT_TRUE(world.run_until([&] { return global->all<wire::RetainedSync>().size() >= 2; }));
  global->stream("a", wire::RetainedSynced{global->all<wire::RetainedSync>().back().request});
  ASSERT_TRUE(world.run_until([&] { return ready(0) == 2 && ready(1) == 4; }));
}

TEST_F(NodeRetainedTest, ReadersDoNotWaitWithoutGlobal) {
  a->send(0, RetainedWanted{1});
  ASSERT_TRUE(world.run_until([&] { return ready(0) == 1; }));
  start_global();
  a->send(0, RetainedWanted{2});
  world.run(100ms);
  EXPECT_EQ(ready(0), 1u);
  world.crash("global");
  ASSERT_TRUE(world.run_until([&] { return ready(0) == 2; }));
}

TEST_F(NodeRetainedTest, ReadersWaitOnlySoLong) {
  start_global();
  a->send(0, RetainedWanted{1});
  ASSERT_TRUE(world.run_until([&] { return ready(0) == 1; }, 10s));
  EXPECT_EQ(a->node().counters().retained_not_awaited, 1u);
}

TEST_F(NodeRetainedTest, WhatAnotherBrokerHadPublishedIsAskedFor) {
  start_global();
  TestBroker& b = world.broker("b", 1);
  ASSERT_TRUE(world.run_until([&] { return global->up("b"); }));
  b.publish_retained(0, "x", 0);
  b.publish_retained(0, "x", 0);
  world.run(100ms);
  a->want(0, "x");
  world.run(200ms);
  a->send(0, RetainedWanted{1});
  ASSERT_TRUE(world.run_until([&] { return !global->all<wire::RetainedSync>().empty(); }));
  const auto sync = global->all<wire::RetainedSync>().back();
  ASSERT_EQ(sync.marks.size(), 1u);
  EXPECT_EQ(sync.marks[0].first, incarnation("b"));
  EXPECT_EQ(sync.marks[0].second, 2u);
}

}  // namespace
}  // namespace muster::broker::node_testing
