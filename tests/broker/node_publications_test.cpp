#include <gtest/gtest.h>

#include <numeric>

#include "core/mqtt/codec.hpp"
#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

constexpr uint64_t to_global = 1;

struct NodePublicationsTest : testing::Test {
  World world;
  TestBroker* a = &world.broker("a", 2);
  TestBroker* b = &world.broker("b", 2);

  uint64_t bit_to_b(const std::string& filter) {
    if (!world.run_until([&] { return a->bit_of(filter) >= 0; })) return 0;
    return uint64_t{1} << a->bit_of(filter);
  }
  void publish_by(wire::Durability door, BytesView topic, uint64_t token,
                  uint64_t peers = to_global, BytesView share = {}) {
    PublicationView view{topic, "payload", {}, {}, mqtt::Qos::at_least_once};
    view.door = door;
    view.token = token;
    view.peers = peers;
    view.share = share;
    view.way = share.empty() ? wire::ShareWay::none : wire::ShareWay::one;
    Parcel parcel;
    parcel.publications.append(view);
    a->node().open(world.now(), std::move(parcel));
  }
  static Bytes run_of(BytesView topic, int count) {
    Bytes packets;
    for (int i = 0; i < count; ++i) {
      mqtt::Publish packet;
      const std::string payload = std::to_string(i);
      packet.topic = topic;
      packet.payload = payload;
      packet.qos = mqtt::Qos::at_least_once;
      packet.packet_id = static_cast<uint16_t>(i + 1);
      mqtt::encode(packet, mqtt::Version::v3_1_1, packets);
    }
    return packets;
  }
  void publish_run(BytesView topic, int count, uint64_t token, uint64_t peers) {
    const Bytes packets = run_of(topic, count);
    PublicationRun run{*mqtt::read_plain_run(packets, mqtt::Version::v3_1_1)};
    run.publisher = "publisher";
    run.token = token;
    run.peers = peers;
    Parcel parcel;
    parcel.publications.append(run);
    a->node().open(world.now(), std::move(parcel));
  }
  TestPeer& global() {
    TestPeer& peer = world.peer("global", wire::Role::global);
    world.run_until([&] { return peer.up("a"); });
    return peer;
  }
};

TEST_F(NodePublicationsTest, GoToTheShardsThatWantThem) {
  b->want(0, "x/+");
  b->want(1, "y");
  const uint64_t bit = bit_to_b("y");
  a->publish(0, "x/1", bit);
  a->publish(0, "z", bit);
  a->publish(1, "y", bit);
  ASSERT_TRUE(world.run_until([&] { return b->publications.size() == 2; }));
  EXPECT_EQ(b->publications[0].topic, "x/1");
  EXPECT_EQ(static_cast<int>(b->publications[0].shard), 0);
  EXPECT_EQ(b->publications[1].topic, "y");
  EXPECT_EQ(static_cast<int>(b->publications[1].shard), 1);
  EXPECT_EQ(b->publications[1].payload, "payload");
}

TEST_F(NodePublicationsTest, RunsGoAsTheyCameAndAreTakenAtOnce) {
  b->want(1, "x");
  const uint64_t bit = bit_to_b("x");
  TestPeer& to = global();
  world.cut("a", "b");
  publish_run("x", 3, 7, bit | to_global);
  publish_run("x", 2, 10, bit);
  world.run(1s);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 3; }));
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{7, 7, 10}));
  EXPECT_EQ(b->delivered("x"), 5);
  EXPECT_EQ(b->publications[0].payload, "0");
  EXPECT_EQ(b->publications[2].payload, "2");
  EXPECT_EQ(static_cast<int>(b->publications[0].shard), 1);
  const auto runs = to.all<wire::PublishRun>();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].publisher, "publisher");
  EXPECT_EQ(runs[0].packets, run_of("x", 3));
  EXPECT_EQ(a->node().counters().forwarded, 8u);
}

TEST_F(NodePublicationsTest, WhatIsNotARunIsCountedAndGoesNowhere) {
  b->want(0, "x");
  TestPeer& c = world.peer("c", wire::Role::broker);
  ASSERT_TRUE(world.run_until([&] { return c.up("b"); }));
  c.stream("b", wire::PublishRun{run_of("x", 1) + "?", false, "publisher", 1});
  c.stream("b", wire::PublishRun{run_of("x", 1), false, "publisher", 1});
  ASSERT_TRUE(world.run_until([&] { return b->delivered("x") == 1; }));
  EXPECT_EQ(b->node().counters().unexpected, 1u);
}

TEST_F(NodePublicationsTest, AreTakenWhenThePeerHasAcknowledged) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.cut("a", "b");
  a->publish(0, "x", bit, 7);
  a->publish(1, "x", bit, 8);
  a->publish(0, "x", bit, 9);
  world.run(1s);
  EXPECT_TRUE(a->taken(0).empty());
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return !a->taken(0).empty(); }));
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{7, 9}));
  EXPECT_EQ(a->taken(1), std::vector<uint64_t>{8});
  EXPECT_EQ(b->delivered("x"), 3);
}

TEST_F(NodePublicationsTest, OfQos0AreDroppedWhileThePeerIsDown) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.cut("a", "b");
  world.run(3s);
  a->publish(0, "x", bit);
  a->publish(0, "x", bit, 5);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return !a->taken(0).empty(); }));
  EXPECT_EQ(b->delivered("x"), 1);
  EXPECT_EQ(a->node().counters().dropped_no_credit, 1u);
}

TEST_F(NodePublicationsTest, CountAsTakenWhenThePeerHasEnded) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.crash("b");
  a->publish(0, "x", bit, 5);
  b = &world.broker("b", 2);
  ASSERT_TRUE(world.run_until([&] { return !a->taken(0).empty(); }));
  EXPECT_EQ(a->taken(0), std::vector<uint64_t>{5});
  EXPECT_EQ(a->node().counters().dropped_ended, 1u);
}

TEST_F(NodePublicationsTest, CountAsTakenWhenThePeerIsSilentForTooLong) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.crash("b");
  a->publish(0, "x", bit, 5);
  world.run(11s);
  EXPECT_TRUE(a->taken(0).empty());
  world.run(2s);
  EXPECT_EQ(a->taken(0), std::vector<uint64_t>{5});
  a->publish(0, "x", bit, 6);
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{5, 6}));
  a->publish(0, "x", uint64_t{1} << 60, 7);  // never given out
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{5, 6, 7}));
}

TEST_F(NodePublicationsTest, AnotherPartyThatHealsIsServedAfresh) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.cut("a", "b");
  a->publish(0, "x", bit, 5);
  world.run(15s);
  EXPECT_EQ(a->taken(0), std::vector<uint64_t>{5});
  EXPECT_EQ(a->bit_of("x"), -1);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a->bit_of("x") >= 0; }));
  a->publish(0, "x", bit, 6);
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  EXPECT_EQ(b->delivered("x"), 1);
}

TEST_F(NodePublicationsTest, NeverPassTheRouteThatTheirReplyNeeds) {
  TestPeer& c = world.peer("c", wire::Role::broker);
  ASSERT_TRUE(world.run_until([&] { return c.up("a"); }));
  c.stream("a", wire::Routes{1, true, {"question"}, {}});
  const uint64_t bit = bit_to_b("question");
  a->publish(0, "question", bit, 5, "answer/1");
  world.cut("a", "c");
  world.run(3s);
  a->want(0, "answer/2");
  a->publish(0, "question", bit, 6);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return c.all<wire::Publish>().size() == 2; }));
  std::string story;
  for (const wire::Received& event : c.received) {
    if (std::holds_alternative<wire::Publish>(event.message)) story += "?";
    const auto* routes = std::get_if<wire::Routes>(&event.message);
    if (routes == nullptr) continue;
    for (const std::string& filter : routes->added) story += filter + " ";
  }
  EXPECT_EQ(story, "answer/1 ?answer/2 ?");
}

TEST_F(NodePublicationsTest, ForGlobalWaitUntilItIsThereAndForItsStore) {
  a->publish(0, "inbox", to_global, 1);
  a->publish(0, "inbox", to_global);  // QoS 0 never goes there
  a->publish(0, "inbox", to_global, 2);
  world.run(1s);
  EXPECT_TRUE(a->taken(0).empty());
  TestPeer& peer = global();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  EXPECT_EQ(peer.all<wire::Publish>().size(), 2u);
  peer.store = false;
  a->publish(0, "inbox", to_global, 3);
  world.run(1s);
  EXPECT_EQ(peer.all<wire::Publish>().size(), 3u);
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{1, 2}));
  peer.acknowledge_all("a");
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 3; }));
}

TEST_F(NodePublicationsTest, WaitingCostsExpiry) {
  PublicationView view;
  view.topic = "t";
  view.qos = mqtt::Qos::at_least_once;
  view.peers = to_global;
  Parcel parcel;
  for (const uint32_t expiry_s : {2u, 100u, UINT32_MAX}) {
    view.expiry_s = expiry_s;
    ++view.token;
    parcel.publications.append(view);
  }
  a->node().open(world.now(), std::move(parcel));
  world.run(30s);
  TestPeer& peer = global();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 3; }));
  const auto got = peer.all<wire::Publish>();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].publication.expiry_s, 70u);
  EXPECT_EQ(got[1].publication.expiry_s, UINT32_MAX);
  EXPECT_EQ(a->node().counters().expired, 1u);
}

TEST_F(NodePublicationsTest, ForGlobalHaveTheirTopicsDurabilityElseTheirDoors) {
  world.crash("a");
  Options options;
  options.durable_topics = {"alarm/#=power"};
  a = &world.broker("a", 2, options);
  TestPeer& peer = global();
  publish_by(wire::Durability::memory, "news", 1);
  publish_by(wire::Durability::process, "news", 2);
  publish_by(wire::Durability::standard, "news", 3);
  publish_by(wire::Durability::memory, "alarm/fire", 4);
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 4; }));
  std::vector<wire::Durability> levels;
  for (const auto& one : peer.all<wire::Publish>()) levels.push_back(one.publication.durability);
  EXPECT_EQ(levels, (std::vector{wire::Durability::memory, wire::Durability::process,
                                 wire::Durability::standard, wire::Durability::power}));
}

// The owner may have lost its members: then the publication goes on to global from there.
TEST_F(NodePublicationsTest, ForAGroupKeepTheirDoorOnTheirWayToItsOwner) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  publish_by(wire::Durability::power, "x", 1, bit, "$share/g/x");
  ASSERT_TRUE(world.run_until([&] { return b->publications.size() == 1; }));
  EXPECT_EQ(b->publications[0].share, "$share/g/x");
  EXPECT_EQ(b->publications[0].door, wire::Durability::power);
}

TEST_F(NodePublicationsTest, ATokenComesBackOnceForEachBit) {
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  TestPeer& peer = global();
  a->publish(0, "x", bit | to_global, 4);
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  world.run(1s);
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{4, 4}));
  EXPECT_EQ(peer.all<wire::Publish>().size(), 1u);
  EXPECT_EQ(b->delivered("x"), 1);
}

TEST_F(NodePublicationsTest, AWillThatGlobalSendsAgainIsDeliveredOnce) {
  b->want(0, "will");
  TestPeer& peer = global();
  ASSERT_TRUE(world.run_until([&] { return peer.up("b"); }));
  wire::Publish will;
  will.publication.topic = "will";
  will.will = 11;
  peer.stream("b", will);
  peer.stream("b", will);
  will.will = 12;
  peer.stream("b", will);
  ASSERT_TRUE(world.run_until([&] { return b->publications.size() == 2; }));
  world.run(1s);
  EXPECT_EQ(b->delivered("will"), 2);
}

TEST_F(NodePublicationsTest, WithoutCreditQos0IsDroppedAndTheRestWaits) {
  world.crash("a");
  Options options;
  options.link.window_bytes = 4096;
  a = &world.broker("a", 2, options);
  b->want(0, "x");
  const uint64_t bit = bit_to_b("x");
  world.cut("a", "b");
  for (uint64_t token = 1; token <= 200; ++token) a->publish(0, "x", bit, token);
  a->publish(0, "x", bit);
  EXPECT_EQ(a->node().counters().dropped_no_credit, 1u);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 200; }));
  std::vector<uint64_t> all(200);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(a->taken(0), all);
  EXPECT_EQ(b->delivered("x"), 200);
}

}  // namespace
}  // namespace muster::broker::node_testing
