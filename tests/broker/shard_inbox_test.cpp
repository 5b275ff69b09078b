// Persistent sessions at a shard: deliveries from global's inbox, leases, acknowledgements.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;

wire::InboxEntry entry(uint64_t number, const std::string& payload, bool redelivery = false) {
  wire::InboxEntry one;
  one.number = number;
  one.redelivery = redelivery;
  one.publication.topic = "t";
  one.publication.payload = payload;
  one.publication.qos = 1;
  return one;
}

struct ShardInbox : testing::Test {
  ShardInbox() : device(world.connect(persistent("p"))) {
    auto claim = world.for_global<wire::Claim>().at(0);
    serial = claim.serial;
    world.letter(0, Lease{world.now.mono + std::chrono::seconds(2)});
    wire::Grant grant{"p", claim.serial, Term{5}, true, {}};
    grant.subscriptions.push_back({"t", 1, false, false, 0, 0});
    world.letter(0, FromGlobal{grant});
    world.settle();
    world.read(device);
    world.to_node.clear();
  }
  void deliver(std::vector<wire::InboxEntry> entries, Term term = Term{5}) {
    world.letter(0, FromGlobal{wire::Deliver{"p", term, std::move(entries)}});
    world.settle();
  }
  void deliver_run(uint64_t number, std::vector<BytesView> payloads,
                   mqtt::Version version = mqtt::Version::v5) {
    Bytes packets;
    for (const BytesView payload : payloads) {
      mqtt::encode(message("t", payload, Qos::at_least_once, 9), version, packets);
    }
    const bool v5 = version == mqtt::Version::v5;
    world.letter(0, FromGlobal{wire::DeliverRun{"p", Term{5}, number, v5, packets}});
    world.settle();
  }

  ShardWorld world;
  Device& device;
  Serial serial{};
};

TEST_F(ShardInbox, PacketIdsFollowFromNumbersAndAcksGoBack) {
  deliver({entry(65'534, "a"), entry(65'535, "b", true)});
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  auto first = std::get<mqtt::Publish>(packets[0]);
  auto second = std::get<mqtt::Publish>(packets[1]);
  EXPECT_EQ(first.packet_id, 65'535);
  EXPECT_FALSE(first.dup);
  EXPECT_EQ(second.packet_id, 1);
  EXPECT_TRUE(second.dup);
  mqtt::Acknowledgement ack;
  ack.packet_id = second.packet_id;
  world.send(device, ack);
  auto acks = world.for_global<wire::InboxAck>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].numbers, std::vector<uint64_t>{65'535});
  EXPECT_EQ(acks[0].term, Term{5});
}

TEST_F(ShardInbox, RunsGoOutAsTheyCameUnderTheirOwnIdentifiers) {
  deliver_run(65'534, {"a", "b"});
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[0]).packet_id, 65'535);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[0]).payload, "a");
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).packet_id, 1);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).payload, "b");
  mqtt::Acknowledgement ack;
  ack.packet_id = 1;
  world.send(device, ack);
  EXPECT_EQ(world.for_global<wire::InboxAck>().at(0).numbers, std::vector<uint64_t>{65'535});
}

TEST_F(ShardInbox, RunsOfTheOtherVersionAreTheSame) {
  deliver_run(1, {"a", "b"}, mqtt::Version::v3_1_1);
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).packet_id, 3);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).payload, "b");
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).qos, Qos::at_least_once);
}

TEST_F(ShardInbox, RunsWaitForTheLeaseAndKeepTheirOrder) {
  world.pass(std::chrono::seconds(3));
  deliver_run(1, {"a", "b"});
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, Lease{world.now.mono + std::chrono::seconds(2)});
  deliver_run(3, {"c"});
  std::string payloads;
  for (const auto& packet : world.read(device)) {
    payloads += std::get<mqtt::Publish>(packet).payload;
  }
  EXPECT_EQ(payloads, "abc");
}

TEST_F(ShardInbox, ARunUnderOldNumbersEndsTheConnection) {
  deliver_run(5, {"a"});
  world.read(device);
  deliver_run(5, {"of another history"});
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, mqtt::Reason::administrative_action);
  EXPECT_TRUE(world.for_global<wire::InboxAck>().empty());
}

TEST_F(ShardInbox, NothingIsDeliveredWhenTheLeaseIsOver) {
  world.pass(std::chrono::seconds(3));
  deliver({entry(1, "a")});
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, Lease{world.now.mono + std::chrono::seconds(2)});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "a");
}

TEST_F(ShardInbox, DeliveriesOfAFormerTermAreIgnored) {
  deliver({entry(1, "a")}, Term{4});
  EXPECT_TRUE(world.read(device).empty());
}

TEST_F(ShardInbox, WhatComesAgainIsNotSentTwiceToTheSameConnection) {
  deliver({entry(1, "a"), entry(2, "b"), entry(3, "c")});
  EXPECT_EQ(world.read(device).size(), 3u);
  mqtt::Acknowledgement ack;
  ack.packet_id = 3;
  world.send(device, ack);
  world.to_node.clear();
  // Global has started anew, without the acknowledgement of 2; 4 is new.
  deliver({entry(1, "a", true), entry(2, "b", true), entry(3, "c", true), entry(4, "d")});
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "d");
  auto acks = world.for_global<wire::InboxAck>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].numbers, std::vector<uint64_t>{2});
  // Under a new term it is the same.
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{6}, true, {}}});
  deliver({entry(1, "a", true), entry(3, "c", true), entry(4, "d", true)}, Term{6});
  EXPECT_TRUE(world.read(device).empty());
  ack.packet_id = 2;
  world.to_node.clear();
  world.send(device, ack);
  acks = world.for_global<wire::InboxAck>();
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].term, Term{6});
  EXPECT_EQ(acks[0].numbers, std::vector<uint64_t>{1});
}

TEST_F(ShardInbox, ANewEntryUnderAnOldNumberEndsTheConnectionAndIsNotLost) {
  deliver({entry(5, "a")});
  world.read(device);
  deliver({entry(5, "of another history")});
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, mqtt::Reason::administrative_action);
  EXPECT_TRUE(world.for_global<wire::InboxAck>().empty());
  EXPECT_EQ(world.for_global<wire::Gone>().size(), 1u);
}

TEST_F(ShardInbox, QosOneComesThroughTheInboxAndQosZeroDirect) {
  Device& publisher = world.connect(clean("pub"));
  world.read(publisher);
  world.send(publisher, message("t", "direct"));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "direct");
  world.send(publisher, message("t", "stored", Qos::at_least_once, 1));
  EXPECT_TRUE(world.read(device).empty());
}

TEST_F(ShardInbox, TheLastAcknowledgementsPrecedeTheEnd) {
  deliver({entry(1, "a")});
  world.read(device);
  mqtt::Acknowledgement ack;
  ack.packet_id = 2;
  Bytes bytes;
  mqtt::encode(ack, device.version, bytes);
  mqtt::encode(mqtt::Disconnect{}, device.version, bytes);
  world.send_bytes(device, bytes);
  ASSERT_GE(world.to_node.size(), 2u);
  size_t acked = 0, gone = 0;
  for (size_t i = 0; i < world.to_node.size(); ++i) {
    const auto* outer = std::get_if<ForGlobal>(&world.to_node[i]);
    if (outer && std::holds_alternative<wire::InboxAck>(outer->message)) acked = i + 1;
    if (outer && std::holds_alternative<wire::Gone>(outer->message)) gone = i + 1;
  }
  EXPECT_GT(acked, 0u);
  EXPECT_LT(acked, gone);
}

TEST_F(ShardInbox, SubackWaitsForGlobal) {
  world.send(device, subscribe(3, "more", Qos::at_least_once));
  EXPECT_TRUE(world.read(device).empty());
  auto stored = world.for_global<wire::SubscribeSession>().at(0);
  EXPECT_EQ(stored.term, Term{5});
  world.letter(0, FromGlobal{wire::SubscribeDone{"p", Term{5}, stored.request, {1}}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0), mqtt::Reason::granted_qos_1);
}

TEST_F(ShardInbox, WhatIsAskedAgainDoesNotUndoWhatCameAfterIt) {
  world.send(device, subscribe(3, "more", Qos::exactly_once));
  world.send(device, subscribe(4, "more", Qos::at_most_once));
  const auto asked = world.for_global<wire::SubscribeSession>();
  ASSERT_EQ(asked.size(), 2u);
  world.letter(0, FromGlobal{wire::SubscribeDone{"p", Term{5}, asked[1].request, {0}}});
  world.settle();
  EXPECT_TRUE(world.read(device).empty());  // in the order of asking
  world.to_node.clear();
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, true, {}}});  // global has restarted
  world.settle();
  const auto again = world.for_global<wire::SubscribeSession>();
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].request, asked[0].request);
  EXPECT_EQ(again[0].subscriptions[0].retain_handling, 0);
  EXPECT_EQ(again[1].request, asked[1].request);
  EXPECT_EQ(again[1].subscriptions[0].retain_handling, 2);  // they came already
  world.letter(0, FromGlobal{wire::SubscribeDone{"p", Term{5}, asked[0].request, {2}}});
  world.settle();
  const auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(std::get<mqtt::Suback>(packets[0]).packet_id, 3);
  EXPECT_EQ(std::get<mqtt::Suback>(packets[1]).packet_id, 4);
}

TEST_F(ShardInbox, WhatGlobalRefusesIsNoSubscription) {
  world.send(device, subscribe(3, "more", Qos::at_least_once));
  auto stored = world.for_global<wire::SubscribeSession>().at(0);
  world.letter(0, FromGlobal{wire::SubscribeDone{"p", Term{5}, stored.request, {0x97}}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0), mqtt::Reason::quota_exceeded);
  Device& publisher = world.connect(clean("pub"));
  world.read(publisher);
  world.send(publisher, message("more", "not wanted"));
  EXPECT_TRUE(world.read(device).empty());
}

TEST_F(ShardInbox, AnEvictionFromGlobalEndsTheConnection) {
  world.letter(0, ListClaims{1});
  world.settle();
  auto claim = world.for_global<wire::Claim>().at(0);
  EXPECT_EQ(claim.term, Term{5});
  world.letter(0, FromGlobal{wire::Evict{"p", claim.serial, 0x8E}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, mqtt::Reason::session_taken_over);
  EXPECT_EQ(world.for_global<wire::Gone>().at(0).term, Term{5});
}

}  // namespace
}  // namespace muster::broker::test
