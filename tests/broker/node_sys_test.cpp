// $SYS at a Node: it asks its shards, and tells all of them what the numbers are together.

#include <gtest/gtest.h>

#include "broker/load_average.hpp"
#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

std::string value(const SysTable& table, const std::string& name) {
  for (const SysValue& one : *table) {
    if (one.topic == "$SYS/broker/" + name) return one.payload;
  }
  return "none";
}

bool changed(const SysTable& table, const std::string& name) {
  for (const SysValue& one : *table) {
    if (one.topic == "$SYS/broker/" + name) return one.changed;
  }
  return false;
}

Counted answer(const TestBroker& broker, uint16_t shard, uint64_t each) {
  Counted counted;
  counted.round = broker.last<Count>(shard)->round;
  counted.counters.connections = each;
  counted.counters.packets_received = 60 * each;
  counted.counters.received = 7;
  return counted;
}

TEST(NodeSys, TellsEveryShardTheSumOfAll) {
  World world;
  Options options;
  options.sys_interval = 10s;
  options.version = "muster version 9";
  TestBroker& broker = world.broker("b", 2, options);
  world.run(1s);
  ASSERT_TRUE(broker.last<Count>(0) && broker.last<Count>(1));
  broker.send(0, answer(broker, 0, 1));
  EXPECT_FALSE(broker.last<SysValues>(0));
  broker.send(1, answer(broker, 1, 2));
  ASSERT_TRUE(broker.last<SysValues>(0) && broker.last<SysValues>(1));
  const SysTable first = broker.last<SysValues>(0)->table;
  EXPECT_EQ(first, broker.last<SysValues>(1)->table);
  EXPECT_EQ(value(first, "version"), "muster version 9");
  EXPECT_EQ(value(first, "clients/connected"), "3");
  EXPECT_EQ(value(first, "clients/maximum"), "3");
  EXPECT_EQ(value(first, "messages/received"), "180");
  EXPECT_EQ(value(first, "publish/messages/received"), "14");
  EXPECT_EQ(value(first, "heap/current"), "none");  // nobody said

  broker.node().heap(1000);
  world.run(10s);
  broker.send(0, answer(broker, 0, 0));
  broker.send(1, answer(broker, 1, 2));
  const SysTable second = broker.last<SysValues>(0)->table;
  EXPECT_EQ(value(second, "clients/connected"), "2");
  EXPECT_EQ(value(second, "clients/maximum"), "3");
  EXPECT_EQ(value(second, "uptime"), "11 seconds");
  EXPECT_EQ(value(second, "heap/maximum"), "1000");

  world.run(10s);
  broker.send(0, answer(broker, 0, 0));
  broker.send(1, answer(broker, 1, 2));
  const SysTable third = broker.last<SysValues>(0)->table;
  EXPECT_FALSE(changed(third, "version"));
  EXPECT_TRUE(changed(third, "uptime"));
}

TEST(NodeSys, IsOffWithoutAnInterval) {
  World world;
  TestBroker& broker = world.broker("b");
  world.run(60s);
  EXPECT_FALSE(broker.last<Count>(0));
}

TEST(LoadAverage, ComesNearASteadyRate) {
  LoadAverage load;
  uint64_t counter = 0;
  for (int i = 0; i < 6; ++i) load.look(counter += 100, 10s);  // 600 a minute, for one minute
  EXPECT_NEAR(load.over(0), 600 * (1 - std::exp(-1.0)), 0.01);
  EXPECT_NEAR(load.over(1), 600 * (1 - std::exp(-0.2)), 0.01);
  EXPECT_NEAR(load.over(2), 600 * (1 - std::exp(-1.0 / 15)), 0.01);
  for (int i = 0; i < 600; ++i) load.look(counter, 10s);
  EXPECT_NEAR(load.over(2), 0, 1);
}

}  // namespace
}  // namespace muster::broker::node_testing
