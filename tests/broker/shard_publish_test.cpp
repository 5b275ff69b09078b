// PUBLISH and PUBACK at one shard and between shards.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Reason;

Device& subscriber(ShardWorld& world, BytesView id, BytesView filter, Qos qos,
                   mqtt::Version version = mqtt::Version::v5) {
  Device& device = world.connect(clean(id, version));
  world.read(device);
  world.send(device, subscribe(1, filter, qos));
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0), static_cast<Reason>(qos));
  return device;
}

TEST(ShardPublish, ReachesWhoSubscribedInEveryVersion) {
  ShardWorld world;
  Device& five = subscriber(world, "five", "a/+", Qos::at_most_once);
  Device& three = subscriber(world, "three", "a/b", Qos::at_most_once, mqtt::Version::v3_1_1);
  Device& publisher = world.connect(clean("p", mqtt::Version::v3_1_1));
  world.read(publisher);
  world.send(publisher, message("a/b", "hello"));
  EXPECT_EQ(world.expect<mqtt::Publish>(five).payload, "hello");
  EXPECT_EQ(world.expect<mqtt::Publish>(three).topic, "a/b");
  EXPECT_TRUE(world.read(publisher).empty());
}

TEST(ShardPublish, CarriesEveryPropertyOn) {
  ShardWorld world;
  Device& five = subscriber(world, "five", "a", Qos::at_least_once);
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  mqtt::Publish packet = message("a", "x", Qos::at_least_once, 9);
  packet.properties.response_topic = "answers/here";
  packet.properties.correlation_data = "c-1";
  packet.properties.content_type = "text/plain";
  packet.properties.message_expiry_interval = 60;
  packet.properties.payload_format_indicator = uint8_t{1};
  packet.properties.user_properties.emplace_back("k", "v");
  world.send(publisher, packet);
  auto got = world.expect<mqtt::Publish>(five);
  EXPECT_EQ(got.properties, packet.properties);
  EXPECT_EQ(got.qos, Qos::at_least_once);
  EXPECT_NE(got.packet_id, 0);
  auto ack = world.expect<mqtt::Acknowledgement>(publisher);
  EXPECT_EQ(ack.packet_id, 9);
  EXPECT_EQ(ack.reason, Reason::success);
}

TEST(ShardPublish, NobodyListeningIsSaid) {
  ShardWorld world;
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  world.send(publisher, message("a", "x", Qos::at_least_once, 1));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(publisher).reason, Reason::no_matching_subscribers);
}

TEST(ShardPublish, OverlappingSubscriptionsGiveOneCopyWithAllIdentifiers) {
  ShardWorld world;
  Device& device = world.connect(clean("s"));
  world.read(device);
  for (uint16_t id : {uint16_t{1}, uint16_t{2}}) {
    mqtt::Subscribe packet = subscribe(id, id == 1 ? "a/#" : "a/b", Qos::at_most_once);
    packet.properties.subscription_identifiers = {static_cast<uint32_t>(id * 10)};
    world.send(device, packet);
    world.read(device);
  }
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, message("a/b", "x"));
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.properties.subscription_identifiers.size(), 2u);
}

TEST(ShardPublish, NoLocalKeepsOnesOwnMessagesAway) {
  ShardWorld world;
  Device& device = world.connect(clean("s"));
  world.read(device);
  mqtt::Subscribe packet = subscribe(1, "a", Qos::at_most_once);
  packet.entries[0].options.no_local = true;
  world.send(device, packet);
  world.read(device);
  world.send(device, message("a", "x"));
  EXPECT_TRUE(world.read(device).empty());
}

TEST(ShardPublish, NoLocalLeavesOverlappingSubscriptionsAlone) {
  ShardWorld world;
  Device& device = world.connect(clean("s"));
  world.read(device);
  mqtt::Subscribe packet = subscribe(1, "a/#", Qos::at_least_once);
  packet.entries[0].options.no_local = true;
  packet.properties.subscription_identifiers = {1};
  world.send(device, packet);
  packet = subscribe(2, "a/b", Qos::at_most_once);
  packet.properties.subscription_identifiers = {2};
  world.send(device, packet);
  world.read(device);
  world.send(device, message("a/b", "mine"));
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.properties.subscription_identifiers, std::vector<uint32_t>{2});
  Device& other = world.connect(clean("p"));
  world.send(other, message("a/b", "others", Qos::at_least_once, 1));
  got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.qos, Qos::at_least_once);
  EXPECT_EQ(got.properties.subscription_identifiers.size(), 2u);
  world.send(device, message("a/c", "mine"));
  EXPECT_TRUE(world.read(device).empty());
}

TEST(ShardPublish, ANarrowWindowQueuesAndKeepsTheOrder) {
  ShardWorld world;
  mqtt::Connect narrow = clean("s");
  narrow.properties.receive_maximum = 2;
  Device& device = world.connect(narrow);
  world.read(device);
  world.send(device, subscribe(1, "a", Qos::at_least_once));
  world.read(device);
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  for (uint16_t i = 1; i <= 5; ++i) {
    world.send(publisher, message("a", std::to_string(i), Qos::at_least_once, i));
  }
  EXPECT_EQ(world.read(publisher).size(), 5u);
  int next = 1;
  auto packets = world.read(device);
  EXPECT_EQ(packets.size(), 2u);
  while (!packets.empty()) {
    uint16_t id = 0;
    for (const auto& packet : packets) {
      EXPECT_EQ(std::get<mqtt::Publish>(packet).payload, std::to_string(next++));
      id = std::get<mqtt::Publish>(packet).packet_id;
      mqtt::Acknowledgement ack;
      ack.packet_id = id;
      world.send(device, ack);
    }
    packets = world.read(device);
  }
  EXPECT_EQ(next, 6);
}

TEST(ShardPublish, GoesToTheShardWhereTheSubscriberLives) {
  ShardWorld world(4);
  std::vector<Device*> devices;
  for (int i = 0; i < 8; ++i) {
    devices.push_back(&subscriber(world, "s" + std::to_string(i), "t/#", Qos::at_least_once));
  }
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  world.send(publisher, message("t/1", "x", Qos::at_least_once, 4));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(publisher).reason, Reason::success);
  for (Device* device : devices) EXPECT_EQ(world.expect<mqtt::Publish>(*device).payload, "x");
}

TEST(ShardPublish, SubackWaitsUntilTheRouteIsBound) {
  ShardWorld world(2);
  world.bind_routes = false;
  Device& device = world.connect(clean("s"));
  world.read(device);
  world.send(device, subscribe(1, "a", Qos::at_most_once));
  EXPECT_TRUE(world.read(device).empty());
  auto change = world.letters<RouteChange>().at(0);
  EXPECT_EQ(change.added, std::vector<std::string>{"a"});
  world.letter(device.shard, RoutesBound{change.number});
  world.settle();
  world.expect<mqtt::Suback>(device);
}

TEST(ShardPublish, TheLastSubscriberTakesTheRouteAlong) {
  ShardWorld world;
  Device& one = subscriber(world, "one", "a", Qos::at_most_once);
  Device& two = subscriber(world, "two", "a", Qos::at_most_once);
  world.to_node.clear();
  world.drop(one);
  EXPECT_TRUE(world.letters<RouteChange>().empty());
  mqtt::Unsubscribe packet;
  packet.packet_id = 7;
  packet.filters = {"a", "b"};
  world.send(two, packet);
  auto unsuback = world.expect<mqtt::Unsuback>(two);
  EXPECT_EQ(unsuback.reasons,
            (std::vector<Reason>{Reason::success, Reason::no_subscription_existed}));
  EXPECT_EQ(world.letters<RouteChange>().at(0).removed, std::vector<std::string>{"a"});
}

TEST(ShardPublish, PubackWaitsForOtherNodesAndKeepsItsOrder) {
  ShardWorld world;
  world.letter(0, PeerRoutes{3, 1, true, {"far"}, {}});
  world.settle();
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  world.send(publisher, message("far", "1", Qos::at_least_once, 1));
  world.send(publisher, message("near", "2", Qos::at_least_once, 2));
  EXPECT_TRUE(world.read(publisher).empty());
  uint64_t token = 0;
  world.published.at(0).second.for_each([&](const PublicationView& publication) {
    EXPECT_EQ(publication.topic, "far");
    EXPECT_EQ(publication.publisher, "p");
    EXPECT_EQ(publication.peers, uint64_t{1} << 3);
    token = publication.token;
  });
  world.letter(0, Taken{{token}});
  world.settle();
  auto packets = world.read(publisher);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(std::get<mqtt::Acknowledgement>(packets[0]).packet_id, 1);
  EXPECT_EQ(std::get<mqtt::Acknowledgement>(packets[1]).packet_id, 2);
}

TEST(ShardPublish, AGoodbyeCountsThatWasReadWhileThePublisherWasPaused) {
  Options options;
  options.receive_maximum = 2;
  ShardWorld world(1, options);
  world.letter(0, PeerRoutes{3, 1, true, {"far"}, {}});
  world.settle();
  const auto version = mqtt::Version::v3_1_1;
  Device& publisher = world.connect(clean("p", version));
  Bytes bytes;
  for (uint16_t id = 1; id <= 5; ++id) {
    mqtt::encode(message("far", "x", Qos::at_least_once, id), version, bytes);
  }
  mqtt::encode(mqtt::Disconnect{}, version, bytes);
  world.send_bytes(publisher, bytes);
  EXPECT_TRUE(publisher.paused);
  EXPECT_TRUE(world.for_global<wire::Gone>().empty());
  world.drop(publisher);
  const auto gone = world.for_global<wire::Gone>();
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].reason, wire::GoneReason::disconnected);
}

TEST(ShardPublish, ASlowReaderLosesQosZeroAndIsClosedInTheEnd) {
  Options options;
  options.outbox_limit_bytes = 1000;
  ShardWorld world(1, options);
  Device& device = subscriber(world, "s", "a", Qos::at_most_once);
  Device& publisher = world.connect(clean("p"));
  world.flush = false;
  for (int i = 0; i < 30; ++i) world.send(publisher, message("a", Bytes(100, 'x')));
  EXPECT_GT(world.shards[0]->counters().dropped, 0u);
  EXPECT_FALSE(device.closed);
  world.pass(std::chrono::seconds(11));
  world.send(publisher, message("a", "x"));
  EXPECT_TRUE(device.closed);
  EXPECT_EQ(world.shards[0]->counters().slow_closed, 1u);
}

TEST(ShardPublish, ABrokenPacketClosesOnlyItsConnection) {
  ShardWorld world;
  Device& good = subscriber(world, "good", "a", Qos::at_most_once);
  Device& bad = world.connect(clean("bad"));
  world.read(bad);
  world.send_bytes(bad, BytesView("\x30\x02\x00\x09", 4));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(bad).reason, Reason::malformed_packet);
  EXPECT_TRUE(bad.closed);
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, message("a", "still here"));
  EXPECT_EQ(world.expect<mqtt::Publish>(good).payload, "still here");
}

}  // namespace
}  // namespace muster::broker::test
