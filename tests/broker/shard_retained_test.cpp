// Retained messages through shards: who gets them, when, and as what.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Reason;

class ShardRetained : public ::testing::TestWithParam<uint16_t> {
 protected:
  ShardWorld world{GetParam()};

  Device& client(BytesView id, mqtt::Version version = mqtt::Version::v5) {
    Device& device = world.connect(clean(id, version));
    world.read(device);
    return device;
  }
  void retain(Device& device, BytesView topic, BytesView payload, Qos qos = Qos::at_most_once,
              uint16_t packet_id = 0) {
    mqtt::Publish packet = message(topic, payload, qos, packet_id);
    packet.retain = true;
    world.send(device, packet);
  }
  static mqtt::Subscribe wish(BytesView filter, mqtt::SubscriptionOptions options) {
    mqtt::Subscribe packet = subscribe(1, filter, options.qos);
    packet.entries[0].options = options;
    return packet;
  }
  // The messages after SUBACK.
  std::vector<mqtt::Publish> ask(Device& device, const mqtt::Subscribe& packet) {
    world.send(device, packet);
    return messages(device);
  }
  std::vector<mqtt::Publish> messages(Device& device) {
    std::vector<mqtt::Publish> found;
    for (const mqtt::Packet& packet : world.read(device)) {
      if (const auto* one = std::get_if<mqtt::Publish>(&packet)) found.push_back(*one);
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.topic < b.topic; });
    return found;
  }
};

INSTANTIATE_TEST_SUITE_P(Shards, ShardRetained, ::testing::Values(1, 3));

TEST_P(ShardRetained, TheNewestOfATopicGoesToWhoSubscribesLater) {
  Device& publisher = client("p");
  retain(publisher, "a/1", "old");
  retain(publisher, "a/1", "new");
  retain(publisher, "a/2", "two");
  retain(publisher, "a/3", "gone");
  retain(publisher, "a/3", "");
  world.send(publisher, message("a/4", "not retained"));
  for (mqtt::Version version : {mqtt::Version::v5, mqtt::Version::v3_1_1}) {
    Device& late = client(version == mqtt::Version::v5 ? "five" : "three", version);
    const auto got = ask(late, subscribe(1, "a/#", Qos::at_most_once));
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].payload, "new");
    EXPECT_EQ(got[1].payload, "two");
    EXPECT_TRUE(got[0].retain && got[1].retain);
    EXPECT_EQ(got[0].qos, Qos::at_most_once);
  }
}

TEST_P(ShardRetained, GoesToGlobalWhateverItsQos) {
  Device& publisher = client("p");
  retain(publisher, "a", "x");
  retain(publisher, "a", "y", Qos::at_least_once, 5);
  std::vector<uint64_t> peers, tokens;
  for (const auto& [shard, publications] : world.published) {
    publications.for_each([&](const PublicationView& view) {
      EXPECT_TRUE(view.retain);
      EXPECT_EQ(view.publisher, "p");
      peers.push_back(view.peers);
      tokens.push_back(view.token);
    });
  }
  ASSERT_EQ(peers, (std::vector<uint64_t>{1, 1}));
  EXPECT_EQ(tokens[0], 0u);
  EXPECT_NE(tokens[1], 0u);
  EXPECT_TRUE(world.read(publisher).empty());  // PUBACK waits for global
  world.letter(publisher.shard, Taken{{tokens[1]}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(publisher).reason, Reason::success);
}

TEST_P(ShardRetained, QosIsTheLesserOneAndIdentifiersAreTheSubscriptions) {
  Device& publisher = client("p");
  retain(publisher, "a", "one", Qos::at_least_once, 1);
  retain(publisher, "b", "zero");
  Device& late = client("late");
  mqtt::Subscribe packet = subscribe(1, "#", Qos::at_least_once);
  packet.properties.subscription_identifiers = {7};
  auto got = ask(late, packet);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].qos, Qos::at_least_once);
  EXPECT_NE(got[0].packet_id, 0);
  EXPECT_EQ(got[1].qos, Qos::at_most_once);
  EXPECT_EQ(got[0].properties.subscription_identifiers, std::vector<uint32_t>{7});
  EXPECT_EQ(got[1].properties.subscription_identifiers, std::vector<uint32_t>{7});
}

TEST_P(ShardRetained, RetainHandling) {
  retain(client("p"), "a", "x");
  Device& late = client("late");
  EXPECT_EQ(ask(late, wish("a", {Qos::at_most_once, false, false, 2})).size(), 0u);
  EXPECT_EQ(ask(late, wish("a", {Qos::at_most_once, false, false, 1})).size(), 0u);  // is there
  EXPECT_EQ(ask(late, wish("a", {Qos::at_most_once, false, false, 0})).size(), 1u);
  EXPECT_EQ(ask(late, wish("a", {Qos::at_most_once, false, false, 0})).size(), 1u);
  EXPECT_EQ(ask(late, wish("+", {Qos::at_most_once, false, false, 1})).size(), 1u);  // is new
}

TEST_P(ShardRetained, RetainAsPublishedIsForLiveMessages) {
  Device& publisher = client("p");
  Device& as_is = client("as-is");
  Device& plain = client("plain");
  ask(as_is, wish("#", {Qos::at_most_once, false, true, 0}));
  ask(plain, wish("#", {Qos::at_most_once, false, false, 0}));
  retain(publisher, "a", "x");
  world.send(publisher, message("a", "y"));
  auto got = messages(as_is);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0].retain, got[1].retain);
  got = messages(plain);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_FALSE(got[0].retain || got[1].retain);
}

TEST_P(ShardRetained, NoLocalLeavesOutOnesOwn) {
  Device& device = client("self");
  retain(device, "a", "x");
  EXPECT_EQ(ask(device, wish("a", {Qos::at_most_once, true, false, 0})).size(), 0u);
  EXPECT_EQ(ask(device, wish("a", {Qos::at_most_once, false, false, 0})).size(), 1u);
}

TEST_P(ShardRetained, ExpiryGoesOn) {
  Device& publisher = client("p");
  mqtt::Publish packet = message("a", "x");
  packet.retain = true;
  packet.properties.message_expiry_interval = 10;
  packet.properties.content_type = "text";
  world.send(publisher, packet);
  world.pass(std::chrono::seconds(3));
  Device& late = client("late");
  auto got = ask(late, subscribe(1, "a", Qos::at_most_once));
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].properties.message_expiry_interval, 7u);
  EXPECT_EQ(got[0].properties.content_type, "text");
  world.pass(std::chrono::seconds(7));
  EXPECT_EQ(ask(late, subscribe(1, "a", Qos::at_most_once)).size(), 0u);
}

TEST_P(ShardRetained, WaitsUntilTheReplicaIsThere) {
  world.replica_ready = false;
  retain(client("p"), "a", "x");
  Device& late = client("late");
  EXPECT_EQ(ask(late, subscribe(1, "a", Qos::at_most_once)).size(), 0u);
  world.letter(late.shard, RetainedReady{world.letters<RetainedWanted>().back().number});
  world.settle();
  EXPECT_EQ(messages(late).size(), 1u);
}

TEST_P(ShardRetained, WhatGlobalSaysIsKeptByTheTopicsShard) {
  RetainedPart part{wire::RetainedKind::page, {}};
  for (uint32_t shard = 0; shard < world.shards.size(); ++shard) {
    world.letter(shard, RetainedPart{wire::RetainedKind::begin, {}});
  }
  for (int i = 0; i < 10; ++i) {
    RetainedValue value;
    value.topic = "t/" + std::to_string(i);
    value.payload = "x";
    const auto home = static_cast<uint32_t>(home_of(value.topic, GetParam()));
    world.letter(home, RetainedPart{wire::RetainedKind::page, {value}});
  }
  for (uint32_t shard = 0; shard < world.shards.size(); ++shard) {
    world.letter(shard, RetainedPart{wire::RetainedKind::end, {}});
  }
  world.settle();
  Device& late = client("late");
  EXPECT_EQ(ask(late, subscribe(1, "t/+", Qos::at_most_once)).size(), 10u);
  EXPECT_EQ(ask(late, subscribe(1, "t/3", Qos::at_most_once)).size(), 1u);
}

TEST_P(ShardRetained, ManyComeAsTheReaderTakesThem) {
  Device& publisher = client("p");
  const std::string payload(1000, 'x');
  for (int i = 0; i < 1000; ++i) retain(publisher, "t/" + std::to_string(i), payload);
  Device& late = client("late");
  world.flush = false;
  world.send(late, subscribe(1, "#", Qos::at_most_once));
  world.settle();
  const size_t first = world.shards[late.shard]->output(late.client).size();
  EXPECT_GT(first, 30'000u);
  EXPECT_LT(first, 200'000u);  // pages, not all
  world.flush = true;
  size_t count = 0;
  for (int round = 0; round < 100 && count < 1000; ++round) {
    world.send(late, mqtt::Pingreq{});  // makes its outbox dirty
    count += messages(late).size();
  }
  EXPECT_EQ(count, 1000u);
}

// A page was asked for when there was room: none of it is dropped, however little room that is.
TEST_P(ShardRetained, AnOutboxSmallerThanAPageLosesNone) {
  Options options;
  options.outbox_limit_bytes = 1000;
  ShardWorld narrow(GetParam(), options);
  Device& publisher = narrow.connect(clean("p"));
  const Bytes payload(900, 'x');
  for (int i = 0; i < 50; ++i) {
    const std::string topic = "t/" + std::to_string(i);
    mqtt::Publish packet = message(topic, payload);
    packet.retain = true;
    narrow.send(publisher, packet);
  }
  Device& late = narrow.connect(clean("late"));
  narrow.read(late);
  narrow.send(late, subscribe(1, "#", Qos::at_most_once));
  size_t count = 0;
  for (int round = 0; round < 50; ++round) {
    narrow.send(late, mqtt::Pingreq{});  // makes its outbox dirty
    for (const mqtt::Packet& packet : narrow.read(late)) {
      count += std::holds_alternative<mqtt::Publish>(packet) ? 1 : 0;
    }
  }
  EXPECT_EQ(count, 50u);
}

TEST_P(ShardRetained, WithQos1TheyWaitForTheWindow) {
  Device& publisher = client("p");
  for (uint16_t i = 1; i <= 300; ++i) {
    retain(publisher, "t/" + std::to_string(i), std::string(500, 'x'), Qos::at_least_once, i);
  }
  mqtt::Connect connect = clean("late");
  connect.properties.receive_maximum = 10;
  Device& late = world.connect(connect);
  world.read(late);
  auto got = ask(late, subscribe(1, "#", Qos::at_least_once));
  std::vector<std::string> topics;
  while (!got.empty()) {
    EXPECT_LE(got.size(), 10u);
    for (const auto& one : got) {
      topics.emplace_back(one.topic);
      world.send(late, mqtt::Acknowledgement{mqtt::PacketType::puback, one.packet_id});
    }
    got = messages(late);
  }
  std::sort(topics.begin(), topics.end());
  EXPECT_EQ(topics.size(), 300u);
  EXPECT_EQ(std::unique(topics.begin(), topics.end()), topics.end());
}

TEST_P(ShardRetained, UnsubscribingEndsTheReading) {
  Device& publisher = client("p");
  for (int i = 0; i < 200; ++i) retain(publisher, "t/" + std::to_string(i), std::string(999, 'x'));
  Device& late = client("late");
  world.flush = false;
  world.send(late, subscribe(1, "#", Qos::at_most_once));
  mqtt::Unsubscribe less;
  less.packet_id = 2;
  less.filters = {"#"};
  world.send(late, less);
  world.flush = true;
  for (int round = 0; round < 5; ++round) world.send(late, mqtt::Pingreq{});
  EXPECT_LT(messages(late).size(), 200u);
  EXPECT_EQ(ask(late, subscribe(3, "t/7", Qos::at_most_once)).size(), 1u);
}

TEST_P(ShardRetained, OfAPersistentSessionOnlyQos0ComesFromHere) {
  Device& publisher = client("p");
  retain(publisher, "one", "x", Qos::at_least_once, 1);
  retain(publisher, "zero", "x");
  Device& device = world.connect(persistent("d"));
  const auto claim = world.for_global<wire::Claim>().back();
  world.letter(device.shard, FromGlobal{wire::Grant{"d", claim.serial, Term{3}, false, {}}});
  world.letter(device.shard, Lease{never});
  world.settle();
  world.read(device);
  world.send(device, subscribe(1, "+", Qos::at_least_once));
  const auto asked = world.for_global<wire::SubscribeSession>().back();
  world.letter(device.shard, FromGlobal{wire::SubscribeDone{"d", Term{3}, asked.request, {1}}});
  world.settle();
  const auto got = messages(device);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].topic, "zero");
}

TEST_P(ShardRetained, ManyFiltersOfOneSubscribe) {
  Device& publisher = client("p");
  mqtt::Subscribe packet;
  packet.packet_id = 9;
  std::vector<std::string> filters;
  for (int i = 0; i < 50; ++i) filters.push_back("t/" + std::to_string(i));
  for (const std::string& filter : filters) {
    retain(publisher, filter, "x");
    packet.entries.push_back({filter, {}});
  }
  EXPECT_EQ(ask(client("late"), packet).size(), 50u);
}

}  // namespace
}  // namespace muster::broker::test
