// Runs of plain packets through inboxes: in as they came, stored one by one, out as they came.

#include <gtest/gtest.h>

#include "core/mqtt/codec.hpp"
#include "core/mqtt/plain_packet.hpp"
#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using mqtt::Version;
using wire::GoneReason;

Bytes packet(BytesView topic, BytesView payload, Version version) {
  mqtt::Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = mqtt::Qos::at_least_once;
  publish.packet_id = 7;
  Bytes bytes;
  mqtt::encode(publish, version, bytes);
  return bytes;
}

class InboxRunsTest : public ::testing::Test {
 protected:
  explicit InboxRunsTest(Options options = {.inbox_max_messages = 20}) : world(options) {
    world.broker("b1", 11);
    world.broker("b2", 22);
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  void publish_run(BytesView topic, int first, int last, Version version = Version::v3_1_1,
                   wire::Durability durability = wire::Durability::standard) {
    wire::PublishRun run;
    Bytes packets;
    for (int i = first; i <= last; ++i) packets += packet(topic, std::to_string(i), version);
    run.packets = packets;
    run.v5 = version == Version::v5;
    run.publisher = "publisher";
    run.published_ms = 5;
    run.durability = durability;
    b2().stream(run);
  }
  // All that was delivered, in order: "1=one", with "!" if it comes again, in [] if as a run.
  std::string delivered(Peer& peer) {
    world.run();
    std::string story;
    for (const wire::Message& message : std::exchange(peer.received, {})) {
      if (const auto* deliver = std::get_if<wire::Deliver>(&message)) tell(*deliver, story);
      if (const auto* run = std::get_if<wire::DeliverRun>(&message)) tell(*run, story);
    }
    return story;
  }
  static void tell(const wire::Deliver& deliver, std::string& story) {
    for (const wire::InboxEntry& entry : deliver.entries) {
      EXPECT_EQ(entry.publication.topic, "a");
      story += std::to_string(entry.number) + "=" + std::string(entry.publication.payload.view()) +
               (entry.redelivery ? "! " : " ");
    }
  }
  static void tell(const wire::DeliverRun& deliver, std::string& story) {
    const auto run = mqtt::read_plain_run(deliver.packets, mqtt::version_of(deliver.v5));
    ASSERT_TRUE(run);
    EXPECT_EQ(run->topic, "a");
    uint64_t number = deliver.number;
    story += "[";
    mqtt::for_each_plain(run->packets, run->version, [&](BytesView whole, const auto& one) {
      if (number > deliver.number) story += " ";
      story += std::to_string(number++) + "=" + Bytes(one.payload_of(whole));
    });
    story += "] ";
  }
  void away(const std::string& device, Term term) {
    b1().stream(gone(device, 1, GoneReason::connection_lost, term));
    world.run();
  }

  World world;
};

TEST_F(InboxRunsTest, GoOutAsTheyCame) {
  attach(b1(), "device", 1, {"a"});
  publish_run("a", 1, 3);
  publish_run("nobody", 1, 3);
  EXPECT_EQ(delivered(b1()), "[1=1 2=2 3=3] ");
  EXPECT_EQ(world.stats().inbox_entries, 3u);
}

TEST_F(InboxRunsTest, KeepTheirOrderAmongOthers) {
  attach(b1(), "device", 1, {"a"});
  b2().stream(wire::Publish{publication("a", "1")});
  publish_run("a", 2, 3);
  publish_run("a", 4, 4);
  publish_run("a", 5, 6, Version::v5);
  b2().stream(wire::Publish{publication("a", "7")});
  EXPECT_EQ(delivered(b1()), "1=1 [2=2 3=3 4=4] [5=5 6=6] 7=7 ");
}

TEST_F(InboxRunsTest, GoOneByOneWithSubscriptionIdentifiers) {
  const Term term = attach(b1(), "device", 1);
  wire::Subscription subscription;
  subscription.filter = "a";
  subscription.qos = 2;
  subscription.identifier = 9;
  b1().stream(wire::SubscribeSession{"device", term, 1, {subscription}});
  world.run();
  publish_run("a", 1, 2);
  world.run();
  const auto deliver = b1().take<wire::Deliver>();
  ASSERT_TRUE(deliver);
  ASSERT_EQ(deliver->entries.size(), 2u);
  const wire::InboxEntry& second = deliver->entries[1];
  EXPECT_EQ(second.identifiers, std::vector<uint32_t>{9});
  EXPECT_EQ(second.publication.payload, "2");
  EXPECT_EQ(second.publication.publisher, "publisher");
  EXPECT_EQ(second.publication.published_ms, 5);
  EXPECT_EQ(second.publication.qos, 1);
}

TEST_F(InboxRunsTest, HeedNoLocalAndTheWindow) {
  wire::Claim claim = persistent_claim("device", 1);
  claim.receive_maximum = 3;
  b1().stream(claim);
  world.run();
  const Term term = b1().take<wire::Grant>()->term;
  wire::Subscription mine;
  mine.filter = "a";
  mine.qos = 1;
  b1().stream(wire::SubscribeSession{"device", term, 1, {mine}});
  const Term own = attach(b1(), "publisher", 2);
  mine.no_local = true;
  b1().stream(wire::SubscribeSession{"publisher", own, 1, {mine}});
  publish_run("a", 1, 5);
  EXPECT_EQ(delivered(b1()), "[1=1 2=2 3=3] ");
  b1().stream(wire::InboxAck{"device", term, {1, 2}});
  EXPECT_EQ(delivered(b1()), "[4=4 5=5] ");
  EXPECT_EQ(world.stats().inbox_entries, 3u);
}

TEST_F(InboxRunsTest, AreRefusedOneByOneWhereThereIsNoRoom) {
  const Term full = attach(b1(), "full", 1, {"a"});
  away("full", full);
  publish_run("a", 1, 18);
  world.run();
  attach(b1(), "device", 2, {"a"});
  publish_run("a", 19, 22);
  EXPECT_EQ(delivered(b1()), "[1=19 2=20 3=21 4=22] ");
  EXPECT_EQ(world.stats().inbox_entries, 20u + 4);
  EXPECT_EQ(world.stats().inbox_refused, 2u);
}

TEST_F(InboxRunsTest, DoNotGoOnOverAGap) {
  const Term term = attach(b1(), "device", 1, {"a"});
  away("device", term);
  publish_run("a", 1, 2);
  wire::Publication brief = publication("a", "brief");
  brief.expiry_s = 10;
  b2().stream(wire::Publish{brief});
  publish_run("a", 4, 5);
  world.run();
  world.advance_ms(30'000);
  attach(b1(), "device", 2);
  EXPECT_EQ(delivered(b1()), "[1=1 2=2] [4=4 5=5] ");
}

TEST_F(InboxRunsTest, AreStoredAndComeAgain) {
  const Term term = attach(b1(), "device", 1, {"a"});
  publish_run("a", 1, 3, Version::v5);
  EXPECT_EQ(delivered(b1()), "[1=1 2=2 3=3] ");
  b1().stream(wire::InboxAck{"device", term, {2}});
  away("device", term);
  publish_run("a", 4, 5);
  publish_run("a", 6, 6, Version::v3_1_1, wire::Durability::memory);
  world.run();
  world.restart();
  world.advance_ms(3000);
  EXPECT_EQ(world.stats().unreadable, 0u);
  attach(b2(), "device", 1);
  EXPECT_EQ(delivered(b2()), "1=1! 3=3! [4=4 5=5] ");
}

TEST_F(InboxRunsTest, LargeOnesAreStoredOnceForAllReceivers) {
  attach(b1(), "one", 1, {"a"});
  attach(b1(), "two", 2, {"a"});
  size_t bytes = 0;
  world.on_commit = [&](const store::StoreBatch& batch) {
    for (const auto& write : batch.writes) bytes += write.value.size;
  };
  const Bytes large(10'000, 'x');
  b2().stream(wire::PublishRun{packet("a", large, Version::v3_1_1), false, "publisher", 5});
  world.run();
  EXPECT_GT(bytes, 10'000u);
  EXPECT_LT(bytes, 11'000u);
  world.restart();
  world.advance_ms(3000);
  EXPECT_EQ(world.stats().inbox_entries, 2u);
  EXPECT_EQ(world.stats().unreadable, 0u);
}

TEST_F(InboxRunsTest, WhatIsNotARunIsTakenAndGoesNowhere) {
  attach(b1(), "device", 1, {"a"});
  wire::PublishRun broken;
  broken.packets = packet("a", "1", Version::v3_1_1) + packet("b", "2", Version::v3_1_1);
  const uint64_t number = b2().stream(broken);
  EXPECT_EQ(delivered(b1()), "");
  EXPECT_EQ(b2().acknowledged, number);
}

}  // namespace
}  // namespace muster::global::testing
