// QoS 2 of persistent sessions at a shard: what global stores of it, and what waits for that.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Acknowledgement;
using mqtt::PacketType;
using mqtt::Qos;
using mqtt::Reason;

wire::InboxEntry entry(uint64_t number, bool released = false) {
  wire::InboxEntry one;
  one.number = number;
  one.redelivery = released;
  one.released = released;
  one.publication.topic = "t";
  one.publication.payload = "x";
  one.publication.qos = 2;
  return one;
}

struct ShardQos2Session : testing::Test {
  ShardQos2Session() : device(connect()) { grant({"p", serial, Term{5}, true, {}}); }
  Device& connect() {
    Device& one = world.connect(persistent("p"));
    serial = world.for_global<wire::Claim>().back().serial;
    world.letter(0, Lease{world.now.mono + std::chrono::seconds(2)});
    return one;
  }
  void grant(wire::Grant message) {
    message.serial = serial;
    world.letter(0, FromGlobal{std::move(message)});
    world.settle();
    world.to_node.clear();
    world.published.clear();
  }
  Device& reconnect(wire::Grant message) {
    Device& next = connect();
    grant(std::move(message));
    world.read(next);
    return next;
  }
  void from_global(wire::Message message) {
    world.letter(0, FromGlobal{std::move(message)});
    world.settle();
  }
  void send(Device& to, PacketType type, uint16_t packet_id, Reason reason = Reason::success) {
    Acknowledgement packet;
    packet.type = type;
    packet.packet_id = packet_id;
    packet.reason = reason;
    world.send(to, packet);
  }
  void expect(Device& from, PacketType type, uint16_t packet_id) {
    auto packet = world.expect<Acknowledgement>(from);
    EXPECT_EQ(packet.type, type);
    EXPECT_EQ(packet.packet_id, packet_id);
  }
  std::vector<uint64_t> tokens() {  // of what was published, and of releases
    std::vector<uint64_t> found;
    for (auto& [shard, publications] : world.published) {
      publications.for_each([&](const PublicationView& one) { found.push_back(one.token); });
    }
    for (const ForGlobal& letter : world.letters<ForGlobal>()) {
      if (letter.token != 0) found.push_back(letter.token);
    }
    world.published.clear();
    return found;
  }
  void take(std::vector<uint64_t> which) {
    world.letter(0, Taken{std::move(which)});
    world.settle();
  }

  ShardWorld world;
  Serial serial{};
  Device& device;
};

// ---- subscribers -------------------------------------------------------------------------------

TEST_F(ShardQos2Session, PubrelWaitsUntilGlobalHasStoredPubrec) {
  world.read(device);
  from_global(wire::Deliver{"p", Term{5}, {entry(1)}});
  EXPECT_EQ(world.expect<mqtt::Publish>(device).qos, Qos::exactly_once);
  send(device, PacketType::pubrec, 2);
  EXPECT_TRUE(world.read(device).empty());
  auto acks = world.for_global<wire::InboxAck>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].received, std::vector<uint64_t>{1});
  EXPECT_TRUE(acks[0].numbers.empty());
  from_global(wire::InboxReleased{"p", Term{4}, {1}});
  EXPECT_TRUE(world.read(device).empty());
  from_global(wire::InboxReleased{"p", Term{5}, {1}});
  expect(device, PacketType::pubrel, 2);
  from_global(wire::InboxReleased{"p", Term{5}, {1}});
  EXPECT_TRUE(world.read(device).empty());
  world.to_node.clear();
  send(device, PacketType::pubcomp, 2);
  EXPECT_EQ(world.for_global<wire::InboxAck>().at(0).numbers, std::vector<uint64_t>{1});
}

TEST_F(ShardQos2Session, WhatWasReleasedComesAgainAsPubrel) {
  world.read(device);
  from_global(wire::Deliver{"p", Term{5}, {entry(1, true), entry(2)}});
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(std::get<Acknowledgement>(packets[0]).type, PacketType::pubrel);
  EXPECT_EQ(std::get<Acknowledgement>(packets[0]).packet_id, 2);
  send(device, PacketType::pubcomp, 2, Reason::packet_identifier_not_found);
  send(device, PacketType::pubrec, 3, Reason::quota_exceeded);  // refused: over
  EXPECT_TRUE(world.read(device).empty());
  std::vector<uint64_t> over;
  for (const auto& ack : world.for_global<wire::InboxAck>()) {
    over.insert(over.end(), ack.numbers.begin(), ack.numbers.end());
  }
  EXPECT_EQ(over, (std::vector<uint64_t>{1, 2}));
}

TEST_F(ShardQos2Session, AnAnswerThatWasLostWithGlobalIsAskedForAgain) {
  world.read(device);
  from_global(wire::Deliver{"p", Term{5}, {entry(1), entry(2)}});
  world.read(device);
  send(device, PacketType::pubrec, 2);
  send(device, PacketType::pubrec, 3);
  world.to_node.clear();
  auto first = entry(1), second = entry(2, true);
  first.redelivery = true;
  from_global(wire::Deliver{"p", Term{5}, {first, second}});
  EXPECT_EQ(world.for_global<wire::InboxAck>().at(0).received, std::vector<uint64_t>{1});
  expect(device, PacketType::pubrel, 3);
}

// ---- publishers --------------------------------------------------------------------------------

TEST_F(ShardQos2Session, GlobalGetsThePacketIdentifierAndPubcompWaitsForIt) {
  world.read(device);
  world.send(device, message("a", "x", Qos::exactly_once, 7));
  EXPECT_TRUE(world.read(device).empty());
  world.published.at(0).second.for_each([&](const PublicationView& one) {
    EXPECT_EQ(one.peers, 1u);
    EXPECT_EQ(one.packet_id, 7);
    EXPECT_EQ(one.term, Term{5});
    EXPECT_EQ(one.publisher, "p");
  });
  take(tokens());
  expect(device, PacketType::pubrec, 7);
  send(device, PacketType::pubrel, 7);
  EXPECT_TRUE(world.read(device).empty());
  auto released = world.for_global<wire::PublishReleased>();
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].packet_id, 7);
  EXPECT_EQ(released[0].term, Term{5});
  take(tokens());
  expect(device, PacketType::pubcomp, 7);
}

TEST_F(ShardQos2Session, PubrecWaitsForTheLease) {
  world.read(device);
  world.send(device, message("t", "x", Qos::exactly_once, 7));
  world.letter(0, Lease{world.now.mono});  // the session may be elsewhere now
  take(tokens());
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, Lease{world.now.mono + std::chrono::seconds(2)});
  world.settle();
  expect(device, PacketType::pubrec, 7);
}

TEST_F(ShardQos2Session, WhatAnotherBrokerTookGoesNowhere) {
  world.drop(device);
  Device& next = reconnect({"p", Serial{}, Term{6}, true, {}, {7, 8}, {}});
  auto packet = message("a", "x", Qos::exactly_once, 7);
  packet.dup = true;
  world.send(next, packet);
  expect(next, PacketType::pubrec, 7);
  EXPECT_TRUE(world.published.empty());
  send(next, PacketType::pubrel, 8);  // it had PUBREC already
  take(tokens());
  expect(next, PacketType::pubcomp, 8);
}

TEST_F(ShardQos2Session, WhatADeadBrokerTookGoesToDirectTargetsOnce) {
  world.drop(device);
  world.letter(0, PeerRoutes{3, 1, false, {"a"}, {}});
  Device& next = reconnect({"p", Serial{}, Term{6}, true, {}, {7}, {7}});
  auto packet = message("a", "x", Qos::exactly_once, 7);
  packet.dup = true;
  packet.retain = true;
  world.send(next, packet);
  world.send(next, packet);
  ASSERT_EQ(world.published.size(), 1u);
  world.published.at(0).second.for_each([&](const PublicationView& one) {
    EXPECT_EQ(one.peers, 1u << 3);  // without global, which retains it already
    EXPECT_TRUE(one.retain);
  });
  EXPECT_TRUE(world.read(next).empty());
  take(tokens());
  expect(next, PacketType::pubrec, 7);
}

TEST_F(ShardQos2Session, TheEndIsSaidWhenEverybodyHasWhatWasUnderWay) {
  world.letter(0, PeerRoutes{3, 1, false, {"a"}, {}});
  world.settle();
  world.send(device, message("a", "x", Qos::exactly_once, 7));
  world.send(device, message("a", "y", Qos::exactly_once, 8));
  const auto both = tokens();
  ASSERT_EQ(both.size(), 2u);
  world.drop(device);
  EXPECT_TRUE(world.for_global<wire::Gone>().empty());
  // Meanwhile it is listed, and stays held under whatever term global gives it.
  world.to_node.clear();
  world.letter(0, ListClaims{1});
  world.settle();
  ASSERT_EQ(world.for_global<wire::Claim>().size(), 1u);
  EXPECT_EQ(world.for_global<wire::Claim>()[0].serial, serial);
  from_global(wire::Grant{"p", serial, Term{6}, true, {}});
  EXPECT_TRUE(world.for_global<wire::Gone>().empty());
  take({both[0], both[0], both[1]});
  EXPECT_TRUE(world.for_global<wire::Gone>().empty());
  take({both[1]});
  ASSERT_EQ(world.for_global<wire::Gone>().size(), 1u);
  EXPECT_EQ(world.for_global<wire::Gone>()[0].term, Term{6});
  EXPECT_FALSE(world.for_global<wire::Gone>()[0].unsettled);
}

TEST_F(ShardQos2Session, ABrokerThatStopsSaysWhatIsNotKnown) {
  world.send(device, message("a", "x", Qos::exactly_once, 7));
  world.shards[0]->stop(world.now);
  world.settle();
  ASSERT_EQ(world.for_global<wire::Gone>().size(), 1u);
  EXPECT_TRUE(world.for_global<wire::Gone>()[0].unsettled);
}

}  // namespace
}  // namespace muster::broker::test
