// What MQTT 5's properties ask of a broker beyond carrying them on: message expiry while queued,
// packet sizes, reason strings, response information, session expiry and keep-alive.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using mqtt::Qos;
using mqtt::Reason;

mqtt::Acknowledgement puback(uint16_t packet_id) {
  mqtt::Acknowledgement packet;
  packet.packet_id = packet_id;
  return packet;
}

mqtt::Publish expiring(BytesView payload, uint32_t expiry_s, uint16_t packet_id) {
  mqtt::Publish packet = message("a", payload, Qos::at_least_once, packet_id);
  packet.properties.content_type = "t";
  packet.properties.message_expiry_interval = expiry_s;
  return packet;
}

Device& narrow_subscriber(ShardWorld& world, mqtt::Version version = mqtt::Version::v5) {
  mqtt::Connect packet = clean("s", version);
  if (version == mqtt::Version::v5) packet.properties.receive_maximum = 1;
  Device& device = world.connect(packet);
  world.send(device, subscribe(1, "a", Qos::at_least_once));
  world.read(device);
  return device;
}

TEST(ShardExpiry, IsRestampedAndKeptWhileAMessageWaits) {
  ShardWorld world;
  Device& device = narrow_subscriber(world);
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, message("a", "first", Qos::at_least_once, 1));
  world.send(publisher, expiring("soon", 2, 2));
  world.send(publisher, expiring("later", 10, 3));
  auto first = world.expect<mqtt::Publish>(device);
  world.pass(2500ms);
  world.send(device, puback(first.packet_id));
  auto later = world.expect<mqtt::Publish>(device);  // 3.3.2-5: "soon" is deleted
  EXPECT_EQ(later.payload, "later");
  EXPECT_EQ(later.properties.message_expiry_interval, 8u);  // 3.3.2-6: 7.5 s are left
  EXPECT_EQ(later.properties.content_type, "t");
  EXPECT_EQ(world.shards[0]->counters().expired, 1u);
}

TEST(ShardExpiry, IsJudgedOnASubSecondClock) {
  ShardWorld world;
  Device& device = narrow_subscriber(world);
  Device& publisher = world.connect(clean("p"));
  world.send(publisher, message("a", "first", Qos::at_least_once, 1));
  world.pass(600ms);
  world.send(publisher, expiring("second", 1, 2));
  auto first = world.expect<mqtt::Publish>(device);
  world.pass(900ms);  // 1.5 s on the clock, 0.9 s of its life
  world.send(device, puback(first.packet_id));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).properties.message_expiry_interval, 1u);
}

TEST(ShardExpiry, AlsoHoldsForInboxEntriesThatWait) {
  ShardWorld world;
  world.letter(0, Lease{world.now.mono});  // over
  Device& device = world.connect(persistent("s"));
  auto claim = world.for_global<wire::Claim>().at(0);
  world.letter(0, FromGlobal{wire::Grant{"s", claim.serial, Term{1}, false, {}}});
  world.settle();
  world.read(device);
  wire::Deliver deliver{"s", Term{1}, {}};
  for (uint64_t number : {1, 2}) {
    wire::InboxEntry& entry = deliver.entries.emplace_back();
    entry.number = number;
    entry.publication.topic = "a";
    entry.publication.qos = 1;
    entry.publication.expiry_s = number == 1 ? 1 : 5;
    entry.publication.properties = "\x02\x00\x00\x00\x09"s;
  }
  world.letter(0, FromGlobal{deliver});
  world.settle();
  EXPECT_TRUE(world.read(device).empty());
  world.pass(1s);
  world.letter(0, Lease{world.now.mono + 2s});
  world.settle();
  auto got = world.expect<mqtt::Publish>(device);
  EXPECT_EQ(got.packet_id, 3);  // 1 + number 2
  EXPECT_EQ(got.properties.message_expiry_interval, 4u);
  EXPECT_EQ(world.for_global<wire::InboxAck>().at(0).numbers, std::vector<uint64_t>{1});
}

TEST(ShardPacketSize, OfTheServerIsAnnouncedAndEnforced) {
  Options options;
  options.maximum_packet_size = 100;
  ShardWorld world(1, options);
  Device& device = world.connect(clean("p"));
  EXPECT_EQ(world.expect<mqtt::Connack>(device).properties.maximum_packet_size, 100u);
  world.send(device, message("a", Bytes(92, 'x')));  // 98 bytes
  EXPECT_TRUE(world.read(device).empty());
  world.send(device, message("a", Bytes(95, 'x')));  // 101 bytes
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::packet_too_large);
}

TEST(ShardPacketSize, OfTheClientIsNeverExceeded) {
  ShardWorld world;
  mqtt::Connect small = clean("s");
  small.properties.maximum_packet_size = 60;
  Device& device = world.connect(small);
  world.send(device, subscribe(1, "a", Qos::at_least_once));
  world.read(device);
  Device& publisher = world.connect(clean("p"));
  world.read(publisher);
  world.send(publisher, message("a", Bytes(60, 'x'), Qos::at_least_once, 1));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(publisher).reason, Reason::success);
  world.send(publisher, message("a", "fits", Qos::at_least_once, 2));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "fits");  // 3.1.2-25
}

mqtt::Connect narrow(BytesView id, uint32_t maximum_packet_size) {
  mqtt::Connect packet = clean(id);
  packet.properties.maximum_packet_size = maximum_packet_size;
  return packet;
}

// [MQTT-3.1.2-24]
TEST(ShardPacketSize, WhoHasNoRoomForConnackIsNotConnected) {
  constexpr uint32_t connack = 11;  // bytes
  ShardWorld world;
  Device& older = world.connect(clean("c"));
  world.read(older);
  Device& too_narrow = world.connect(narrow("c", connack - 1));
  EXPECT_EQ(world.expect<mqtt::Connack>(too_narrow).reason, Reason::implementation_specific_error);
  EXPECT_TRUE(too_narrow.closed);
  Device& speechless = world.connect(narrow("c", 4));
  EXPECT_TRUE(world.read(speechless).empty());
  EXPECT_TRUE(speechless.closed);
  EXPECT_EQ(world.for_global<wire::Claim>().size(), 1u);  // never seen as online
  EXPECT_FALSE(older.closed);                             // nor in anybody's place
  Device& exact = world.connect(narrow("c", connack));
  EXPECT_EQ(world.expect<mqtt::Connack>(exact).reason, Reason::success);
}

// [MQTT-3.1.2-24]
TEST(ShardPacketSize, ASubackThatDoesNotFitIsAnEndAndNoSubscription) {
  ShardWorld world;
  Device& device = world.connect(narrow("c", 20));
  world.read(device);
  mqtt::Subscribe packet = subscribe(1, "a", Qos::at_least_once);
  packet.entries.resize(15, packet.entries.front());
  world.send(device, packet);
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.size(), 15u);
  packet.entries.resize(16, subscribe(1, "b", Qos::at_least_once).entries.front());
  const size_t routes = world.letters<RouteChange>().size();
  world.send(device, packet);
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::packet_too_large);
  EXPECT_TRUE(device.closed);
  for (size_t i = routes; i < world.letters<RouteChange>().size(); ++i) {
    EXPECT_TRUE(world.letters<RouteChange>()[i].added.empty());
  }
}

// [MQTT-3.1.2-24]
TEST(ShardPacketSize, AnUnsubackThatDoesNotFitIsAnEnd) {
  ShardWorld world;
  Device& device = world.connect(narrow("c", 20));
  world.read(device);
  mqtt::Unsubscribe packet{1, std::vector<BytesView>(15, "a"), {}};
  world.send(device, packet);
  EXPECT_EQ(world.expect<mqtt::Unsuback>(device).reasons.size(), 15u);
  packet.filters.emplace_back("b");
  world.send(device, packet);
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::packet_too_large);
  EXPECT_TRUE(device.closed);
}

// What is written to a client that names a topic alias which does not exist.
Bytes farewell(bool problem_information, uint32_t maximum_packet_size) {
  ShardWorld world;
  mqtt::Connect packet = clean("p");
  if (!problem_information) packet.properties.request_problem_information = uint8_t{0};
  packet.properties.maximum_packet_size = maximum_packet_size;
  Device& device = world.connect(packet);
  device.unread.clear();
  mqtt::Publish bad = message("a", "x");
  bad.properties.topic_alias = 77;
  world.send(device, bad);
  return device.unread;
}

TEST(ShardReasonString, IsSaidToWhoWantsItAndHasRoom) {
  EXPECT_EQ(farewell(true, 1000),
            "\xE0\x32\x94\x30\x1F\x00\x2D"s + "CONNACK says how many topic aliases there are");
  EXPECT_EQ(farewell(false, 1000), "\xE0\x01\x94"s);  // 3.1.2.11.7
  EXPECT_EQ(farewell(true, 30), "\xE0\x01\x94"s);     // 3.14.2-3
}

TEST(ShardResponseInformation, IsGivenToWhoAsks) {
  Options options;
  options.response_information = "answers/";
  ShardWorld world(1, options);
  mqtt::Connect packet = clean("p");
  packet.properties.request_response_information = uint8_t{1};
  Device& asks = world.connect(packet);
  EXPECT_EQ(world.expect<mqtt::Connack>(asks).properties.response_information, "answers/");
  Device& does_not = world.connect(clean("q"));
  EXPECT_FALSE(world.expect<mqtt::Connack>(does_not).properties.response_information);
}

TEST(ShardSessionExpiry, MayBeChangedAtDisconnectButNotFromZero) {
  Options options;
  options.maximum_session_expiry_s = 100;
  options.presence_pause = {};
  ShardWorld world(1, options);
  Device& device = world.connect(persistent("s"));
  auto claim = world.for_global<wire::Claim>().at(0);
  world.letter(0, FromGlobal{wire::Grant{"s", claim.serial, Term{1}, false, {}}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Connack>(device).properties.session_expiry_interval, 100u);
  mqtt::Disconnect packet;
  packet.properties.session_expiry_interval = 5000;
  world.send(device, packet);
  EXPECT_EQ(world.for_global<wire::Gone>().at(0).session_expiry_s, 100u);

  Device& other = world.connect(clean("t"));
  world.read(other);
  packet.properties.session_expiry_interval = 1;
  world.send(other, packet);
  EXPECT_EQ(world.expect<mqtt::Disconnect>(other).reason, Reason::protocol_error);  // 3.14.2-2
  EXPECT_EQ(world.for_global<wire::Gone>().at(1).reason, wire::GoneReason::protocol_error);
}

TEST(ShardKeepAlive, OfTheServerIsAnnouncedAndCounts) {
  Options options;
  options.maximum_keep_alive_s = 10;
  ShardWorld world(1, options);
  mqtt::Connect packet = clean("p");
  packet.keep_alive = 60;
  Device& device = world.connect(packet);
  EXPECT_EQ(world.expect<mqtt::Connack>(device).properties.server_keep_alive, 10);  // 3.2.2-21
  world.pass(14s);
  EXPECT_FALSE(device.closed);
  world.pass(2s);
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::keep_alive_timeout);
}

}  // namespace
}  // namespace muster::broker::test
