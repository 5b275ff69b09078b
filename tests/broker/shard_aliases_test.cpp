// Topic aliases in and out, as a client sees them (MQTT 5.0, 3.3.2.3.4).

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Reason;

mqtt::Publish aliased(BytesView topic, uint16_t alias, BytesView payload) {
  mqtt::Publish packet = message(topic, payload);
  packet.properties.topic_alias = alias;
  return packet;
}

Device& subscriber(ShardWorld& world, uint16_t alias_maximum, Qos qos = Qos::at_most_once) {
  mqtt::Connect packet = clean("s");
  if (alias_maximum > 0) packet.properties.topic_alias_maximum = alias_maximum;
  Device& device = world.connect(packet);
  world.send(device, subscribe(1, "t/#", qos));
  world.read(device);
  return device;
}

TEST(ShardAliases, AreAnnounced) {
  ShardWorld world;
  auto connack = world.expect<mqtt::Connack>(world.connect(clean("p")));
  EXPECT_EQ(connack.properties.topic_alias_maximum, 10);
  Options none;
  none.topic_alias_maximum = 0;
  ShardWorld without(1, none);
  connack = without.expect<mqtt::Connack>(without.connect(clean("p")));
  EXPECT_FALSE(connack.properties.topic_alias_maximum);
}

TEST(ShardAliases, OfAPublisherStandForItsTopics) {
  ShardWorld world;
  Device& device = subscriber(world, 0);
  Device& publisher = world.connect(clean("p"));
  mqtt::Publish first = aliased("t/1", 10, "one");
  first.properties.content_type = "text";
  world.send(publisher, first);
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.topic, "t/1");
  EXPECT_FALSE(got.properties.topic_alias);  // it is the sender's
  EXPECT_EQ(got.properties.content_type, "text");
  world.send(publisher, aliased("", 10, "two"));
  got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.topic, "t/1");
  EXPECT_EQ(got.payload, "two");
  world.send(publisher, aliased("t/2", 10, "three"));  // set anew
  EXPECT_EQ(world.expect<mqtt::Publish>(device).topic, "t/2");
  world.send(publisher, aliased("", 10, "four"));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).topic, "t/2");
}

TEST(ShardAliases, EndWithTheConnection) {
  ShardWorld world;
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, aliased("t/1", 1, "x"));
  Device& again = world.connect(clean("p"));
  world.read(again);
  world.send(again, aliased("", 1, "x"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(again).reason, Reason::protocol_error);
}

TEST(ShardAliases, OverTheMaximumCloseTheConnection) {
  ShardWorld world;
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  world.send(publisher, aliased("t/1", 11, "x"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(publisher).reason, Reason::topic_alias_invalid);
  EXPECT_TRUE(publisher.closed);
}

TEST(ShardAliases, GoOutToWhoTakesThem) {
  ShardWorld world;
  Device& device = subscriber(world, 1, Qos::at_least_once);
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, message("t/1", "a"));
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.topic, "t/1");
  EXPECT_EQ(got.properties.topic_alias, 1);
  world.send(publisher, message("t/1", "b", Qos::at_least_once, 7));
  got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.topic, "");
  EXPECT_EQ(got.properties.topic_alias, 1);
  EXPECT_EQ(got.qos, Qos::at_least_once);
  EXPECT_NE(got.packet_id, 0);
  world.send(publisher, message("t/2", "c"));  // none is left
  got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.topic, "t/2");
  EXPECT_FALSE(got.properties.topic_alias);
}

TEST(ShardAliases, ThatWaitForTheWindowAreSetWhenTheyAreSent) {
  ShardWorld world;
  mqtt::Connect narrow = clean("s");
  narrow.properties.receive_maximum = 1;
  narrow.properties.topic_alias_maximum = 5;
  Device& device = world.connect(narrow);
  world.send(device, subscribe(1, "t/#", Qos::at_least_once));
  world.read(device);
  Device& publisher = world.connect(clean("p"));
  for (uint16_t i = 1; i <= 3; ++i) {
    world.send(publisher, message("t/1", std::to_string(i), Qos::at_least_once, i));
  }
  auto first = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(first.topic, "t/1");
  mqtt::Acknowledgement ack;
  ack.packet_id = first.packet_id;
  world.send(device, ack);
  auto second = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(second.topic, "");
  EXPECT_EQ(second.payload, "2");
  EXPECT_EQ(second.properties.topic_alias, 1);
}

}  // namespace
}  // namespace muster::broker::test
