// QoS 2 at a shard: both halves of a clean session.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Acknowledgement;
using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;

Acknowledgement answer(PacketType type, uint16_t packet_id, Reason reason = Reason::success) {
  Acknowledgement packet;
  packet.type = type;
  packet.packet_id = packet_id;
  packet.reason = reason;
  return packet;
}

struct ShardQos2 : testing::TestWithParam<mqtt::Version> {
  ShardQos2() : publisher(open("p")), device(open("s")) {}
  Device& open(BytesView id) {
    Device& one = world.connect(clean(id, GetParam()));
    world.read(one);
    return one;
  }
  void listen(Qos qos = Qos::exactly_once) {
    world.send(device, subscribe(1, "a", qos));
    EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0), static_cast<Reason>(qos));
  }
  void expect(Device& from, PacketType type, uint16_t packet_id, Reason reason = Reason::success) {
    auto packet = world.expect<Acknowledgement>(from);
    EXPECT_EQ(packet.type, type);
    EXPECT_EQ(packet.packet_id, packet_id);
    if (GetParam() == mqtt::Version::v5) {
      EXPECT_EQ(packet.reason, reason);
    }
  }
  ShardWorld world;
  Device& publisher;
  Device& device;
};

TEST_P(ShardQos2, GoesOutAndIsAnsweredInFourSteps) {
  listen();
  world.send(publisher, message("a", "x", Qos::exactly_once, 7));
  expect(publisher, PacketType::pubrec, 7);
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.qos, Qos::exactly_once);
  world.send(publisher, answer(PacketType::pubrel, 7));
  expect(publisher, PacketType::pubcomp, 7);
  world.send(device, answer(PacketType::pubrec, got.packet_id));
  expect(device, PacketType::pubrel, got.packet_id);
  world.send(device, answer(PacketType::pubcomp, got.packet_id));
  EXPECT_TRUE(world.read(device).empty());
  EXPECT_TRUE(world.read(publisher).empty());
}

TEST_P(ShardQos2, WhatComesAgainBeforePubrelGoesNowhere) {  // [MQTT-4.3.3-10]
  listen();
  auto packet = message("a", "x", Qos::exactly_once, 7);
  world.send(publisher, packet);
  packet.dup = true;
  world.send(publisher, packet);
  EXPECT_EQ(world.read(publisher).size(), 2u);
  EXPECT_EQ(world.read(device).size(), 1u);
  world.send(publisher, answer(PacketType::pubrel, 7));
  expect(publisher, PacketType::pubcomp, 7);
  world.send(publisher, message("a", "new", Qos::exactly_once, 7));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "new");
}

TEST_P(ShardQos2, EachReceiverGetsItWithItsOwnQos) {
  listen(Qos::at_least_once);
  Device& zero = open("zero");
  world.send(zero, subscribe(1, "a", Qos::at_most_once));
  world.read(zero);
  world.send(publisher, message("a", "x", Qos::exactly_once, 7));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).qos, Qos::at_least_once);
  EXPECT_EQ(world.expect<mqtt::Publish>(zero).qos, Qos::at_most_once);
}

TEST_P(ShardQos2, AnUnknownPubrelIsCompleted) {
  world.send(publisher, answer(PacketType::pubrel, 9));
  expect(publisher, PacketType::pubcomp, 9, Reason::packet_identifier_not_found);
}

TEST_P(ShardQos2, AnUnknownPubrecIsReleased) {
  world.send(device, answer(PacketType::pubrec, 9));
  expect(device, PacketType::pubrel, 9, Reason::packet_identifier_not_found);
  world.send(device, answer(PacketType::pubcomp, 9));
  EXPECT_TRUE(world.read(device).empty());
}

TEST_P(ShardQos2, PubrecWaitsForOtherNodesAndKeepsTheOrder) {
  world.letter(0, PeerRoutes{3, 1, false, {"far"}, {}});
  world.settle();
  world.send(publisher, message("far", "1", Qos::exactly_once, 1));
  world.send(publisher, message("near", "2", Qos::at_least_once, 2));
  world.send(publisher, answer(PacketType::pubrel, 1));
  EXPECT_TRUE(world.read(publisher).empty());
  uint64_t token = 0;
  world.published.at(0).second.for_each([&](const PublicationView& one) { token = one.token; });
  world.letter(0, Taken{{token}});
  world.settle();
  auto packets = world.read(publisher);
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_EQ(std::get<Acknowledgement>(packets[0]).type, PacketType::pubrec);
  EXPECT_EQ(std::get<Acknowledgement>(packets[1]).type, PacketType::puback);
  EXPECT_EQ(std::get<Acknowledgement>(packets[2]).type, PacketType::pubcomp);
}

TEST_P(ShardQos2, ThirdStepOfTheWrongKindClosesTheConnection) {
  listen();
  world.send(publisher, message("a", "x", Qos::exactly_once, 7));
  auto got = world.expect<mqtt::Publish>(device);
  world.send(device, answer(PacketType::puback, got.packet_id));
  EXPECT_TRUE(device.closed);
}

INSTANTIATE_TEST_SUITE_P(Versions, ShardQos2,
                         testing::Values(mqtt::Version::v3_1_1, mqtt::Version::v5));

struct ShardWindow : testing::Test {
  ShardWorld world;
};

TEST_F(ShardWindow, AnIdentifierIsInUseUntilPubcomp) {
  mqtt::Connect narrow = clean("s");
  narrow.properties.receive_maximum = 1;
  Device& device = world.connect(narrow);
  world.send(device, subscribe(1, "a", Qos::exactly_once));
  Device& publisher = world.connect(clean("p"));
  for (uint16_t i = 1; i <= 3; ++i) {
    world.send(publisher, message("a", std::to_string(i), Qos::exactly_once, i));
  }
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 3u);  // CONNACK, SUBACK
  auto first = std::get<mqtt::Publish>(packets[2]);
  world.send(device, answer(PacketType::pubrec, first.packet_id));
  EXPECT_EQ(world.expect<Acknowledgement>(device).type, PacketType::pubrel);
  world.send(device, answer(PacketType::pubcomp, first.packet_id));
  auto second = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(second.payload, "2");
  // A refusal ends it at once (4.3.3-4).
  world.send(device, answer(PacketType::pubrec, second.packet_id, Reason::quota_exceeded));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "3");
}

TEST_F(ShardWindow, OlderVersionsKnowNoLimitOfUnreleasedOnes) {
  Options options;
  options.receive_maximum = 2;
  ShardWorld narrow(1, options);
  Device& publisher = narrow.connect(clean("p", mqtt::Version::v3_1_1));
  narrow.read(publisher);
  for (uint16_t id = 1; id <= 5; ++id) {
    narrow.send(publisher, message("a", "x", Qos::exactly_once, id));
  }
  EXPECT_EQ(narrow.read(publisher).size(), 5u);
  EXPECT_FALSE(publisher.closed);
  EXPECT_FALSE(publisher.paused);
}

TEST_F(ShardWindow, OursCountsWhatIsNotReleased) {
  Options options;
  options.receive_maximum = 2;
  ShardWorld narrow(1, options);
  Device& publisher = narrow.connect(clean("p"));
  narrow.read(publisher);
  narrow.send(publisher, message("a", "1", Qos::exactly_once, 1));
  narrow.send(publisher, message("a", "2", Qos::exactly_once, 2));
  narrow.send(publisher, message("a", "2", Qos::exactly_once, 2));  // known: does not count
  narrow.send(publisher, answer(PacketType::pubrel, 1));
  narrow.send(publisher, message("a", "3", Qos::exactly_once, 3));
  EXPECT_EQ(narrow.read(publisher).size(), 5u);
  narrow.send(publisher, message("a", "4", Qos::exactly_once, 4));
  EXPECT_EQ(narrow.expect<mqtt::Disconnect>(publisher).reason, Reason::receive_maximum_exceeded);
}

}  // namespace
}  // namespace muster::broker::test
