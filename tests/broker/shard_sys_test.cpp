// $SYS at one shard: the present values to who subscribes, changes to who is there.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Reason;

SysValues table(const std::string& uptime, bool changed = true) {
  std::vector<SysValue> values;
  values.push_back({"$SYS/broker/uptime", uptime, true});
  values.push_back({"$SYS/broker/version", "muster", changed});
  return {std::make_shared<const std::vector<SysValue>>(std::move(values))};
}

TEST(ShardSys, PresentValuesFollowTheSuback) {
  ShardWorld world;
  world.letter(0, table("1"));
  Device& device = world.connect(clean("s"));
  world.read(device);
  mqtt::Subscribe packet = subscribe(1, "$SYS/#", Qos::at_least_once);
  packet.properties.subscription_identifiers = {7};
  world.send(device, packet);
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<mqtt::Suback>(packets[0]));
  const auto& uptime = std::get<mqtt::Publish>(packets[1]);
  EXPECT_EQ(uptime.topic, "$SYS/broker/uptime");
  EXPECT_EQ(uptime.payload, "1");
  EXPECT_EQ(uptime.qos, Qos::at_most_once);
  EXPECT_TRUE(uptime.retain);
  EXPECT_EQ(uptime.properties.subscription_identifiers, std::vector<uint32_t>{7});
  EXPECT_EQ(std::get<mqtt::Publish>(packets[2]).topic, "$SYS/broker/version");
}

TEST(ShardSys, OnlyChangesCome) {
  ShardWorld world;
  world.letter(0, table("1"));
  Device& device = world.connect(clean("s"));
  world.send(device, subscribe(1, "$SYS/broker/+", Qos::at_most_once));
  world.read(device);
  world.letter(0, table("2", false));
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "2");
}

TEST(ShardSys, RetainHandlingHolds) {
  ShardWorld world;
  world.letter(0, table("1"));
  Device& device = world.connect(clean("s"));
  world.read(device);
  mqtt::Subscribe packet = subscribe(1, "$SYS/broker/uptime", Qos::at_most_once);
  packet.entries[0].options.retain_handling = 1;
  world.send(device, packet);
  EXPECT_EQ(world.read(device).size(), 2u);
  world.send(device, packet);
  world.expect<mqtt::Suback>(device);
  packet.entries[0].options.retain_handling = 0;
  world.send(device, packet);
  EXPECT_EQ(world.read(device).size(), 2u);
  packet.entries[0].options.retain_handling = 2;
  world.send(device, packet);
  world.expect<mqtt::Suback>(device);
}

TEST(ShardSys, IsNotMatchedByWildcardsInFront) {
  ShardWorld world;
  world.letter(0, table("1"));
  Device& device = world.connect(clean("s"));
  world.read(device);
  world.send(device, subscribe(1, "#", Qos::at_most_once));
  world.expect<mqtt::Suback>(device);
  world.send(device, subscribe(2, "+/broker/uptime", Qos::at_most_once));
  world.expect<mqtt::Suback>(device);
  world.letter(0, table("2"));
  world.settle();
  EXPECT_TRUE(world.read(device).empty());
}

TEST(ShardSys, NobodyPublishesThere) {
  ShardWorld world;
  Device& device = world.connect(clean("s"));
  world.send(device, subscribe(1, "$SYS/#", Qos::at_most_once));
  world.read(device);
  world.send(device, message("$SYS/broker/uptime", "lie", Qos::at_least_once, 1));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(device).reason, Reason::not_authorized);
}

TEST(ShardSys, CountsWhatCameAndWent) {
  ShardWorld world(2);
  Device& device = world.connect(clean("s"));
  world.send(device, subscribe(1, "a", Qos::at_most_once));
  world.send(device, subscribe(2, "$share/g/b", Qos::at_most_once));
  world.send(device, message("a", "12345"));
  world.read(device);
  for (uint32_t shard : {0, 1}) world.letter(shard, Count{3});
  world.settle();
  ShardCounters sum;
  for (const Counted& one : world.letters<Counted>()) {
    EXPECT_EQ(one.round, 3u);
    sum.connections += one.counters.connections;
    sum.connects += one.counters.connects;
    sum.sockets += one.counters.sockets;
    sum.subscriptions += one.counters.subscriptions;
    sum.shared_subscriptions += one.counters.shared_subscriptions;
    sum.packets_received += one.counters.packets_received;
    sum.packets_sent += one.counters.packets_sent;
    sum.received += one.counters.received;
    sum.delivered += one.counters.delivered;
    sum.payload_received += one.counters.payload_received;
    sum.payload_sent += one.counters.payload_sent;
  }
  EXPECT_EQ(sum.connections, 1u);
  EXPECT_EQ(sum.connects, 1u);
  EXPECT_EQ(sum.sockets, 1u);
  EXPECT_EQ(sum.subscriptions, 2u);
  EXPECT_EQ(sum.shared_subscriptions, 1u);
  EXPECT_EQ(sum.packets_received, 4u);
  EXPECT_EQ(sum.packets_sent, 4u);
  EXPECT_EQ(sum.received, 1u);
  EXPECT_EQ(sum.delivered, 1u);
  EXPECT_EQ(sum.payload_received, 5u);
  EXPECT_EQ(sum.payload_sent, 5u);
}

}  // namespace
}  // namespace muster::broker::test
