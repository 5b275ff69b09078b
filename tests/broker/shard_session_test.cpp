// CONNECT to DISCONNECT at a shard: what clients are told and what global hears.

#include <gtest/gtest.h>

#include <set>

#include "broker/interests.hpp"
#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Reason;
using mqtt::Version;

TEST(ShardSession, ACleanConnectionIsAnsweredAtOnceAndClaimed) {
  ShardWorld world;
  Device& device = world.connect(clean("a"));
  auto connack = world.expect<mqtt::Connack>(device);
  EXPECT_EQ(connack.reason, Reason::success);
  EXPECT_FALSE(connack.session_present);
  EXPECT_FALSE(connack.properties.maximum_qos);
  EXPECT_FALSE(connack.properties.retain_available);  // absent: it is
  EXPECT_FALSE(connack.properties.shared_subscription_available);
  auto claims = world.for_global<wire::Claim>();
  ASSERT_EQ(claims.size(), 1u);
  EXPECT_EQ(claims[0].client_id, "a");
  EXPECT_EQ(claims[0].user, "a");
  EXPECT_FALSE(claims[0].persistent);
}

TEST(ShardSession, DisconnectIsToldWithItsReason) {
  ShardWorld world;
  Device& polite = world.connect(clean("a"));
  Device& lost = world.connect(clean("b"));
  world.send(polite, mqtt::Disconnect{});
  world.drop(lost);
  auto gone = world.for_global<wire::Gone>();
  ASSERT_EQ(gone.size(), 2u);
  EXPECT_EQ(gone[0].reason, wire::GoneReason::disconnected);
  EXPECT_EQ(gone[1].reason, wire::GoneReason::connection_lost);
  EXPECT_TRUE(polite.closed);
}

TEST(ShardSession, ASecondConnectIsAProtocolErrorWhateverIsInIt) {
  for (BytesView will_topic : {"w", "w/#"}) {  // the second could not be decoded
    ShardWorld world;
    Device& device = world.connect(clean("a"));
    world.read(device);
    mqtt::Connect second = clean("a");
    second.will = mqtt::WillMessage{};
    second.will->topic = will_topic;
    world.send(device, second);
    EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::protocol_error);
    EXPECT_TRUE(device.closed);
  }
}

TEST(ShardSession, ATakeoverClaimsBeforeItReportsTheEndOfTheOther) {
  ShardWorld world;
  Device& first = world.connect(clean("a"));
  world.read(first);
  world.to_node.clear();
  Device& second = world.connect(clean("a"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(first).reason, Reason::session_taken_over);
  EXPECT_TRUE(first.closed);
  EXPECT_FALSE(second.closed);
  ASSERT_EQ(world.to_node.size(), 2u);
  const auto& claim = std::get<wire::Claim>(std::get<ForGlobal>(world.to_node[0]).message);
  const auto& gone = std::get<wire::Gone>(std::get<ForGlobal>(world.to_node[1]).message);
  EXPECT_EQ(gone.reason, wire::GoneReason::taken_over);
  EXPECT_NE(gone.serial, claim.serial);
}

TEST(ShardSession, ClaimsAndGoodbyesThatNobodyWaitsForGoTogether) {
  ShardWorld world(1, Options{});
  const Duration pause = Options{}.presence_pause;
  Device& first = world.connect(clean("a"));
  EXPECT_EQ(world.to_node.size(), 1u) << "nobody has come for a while";
  world.connect(clean("b"));
  world.send(first, mqtt::Disconnect{});
  EXPECT_EQ(world.to_node.size(), 1u);
  world.pass(pause);
  EXPECT_EQ(world.to_node.size(), 3u);
  world.connect(clean("c"));
  EXPECT_EQ(world.to_node.size(), 3u);
  world.connect(persistent("p"));
  EXPECT_EQ(world.to_node.size(), 5u) << "it waits for its session, and the others go with it";
  world.connect(clean("d"));
  world.shards[0]->stop(world.now);
  world.settle();
  EXPECT_EQ(world.for_global<wire::Gone>().size(), 5u) << "there is no later turn";
}

TEST(ShardSession, APersistentConnectionWaitsForItsGrant) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  EXPECT_TRUE(world.read(device).empty());
  EXPECT_TRUE(device.paused);
  // What the client says meanwhile is kept.
  world.send(device, mqtt::Pingreq{});
  auto claim = world.for_global<wire::Claim>().at(0);
  EXPECT_TRUE(claim.persistent);
  world.letter(0, FromGlobal{wire::Grant{"p", claim.serial, Term{5}, true, {}}});
  world.settle();
  auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_TRUE(std::get<mqtt::Connack>(packets[0]).session_present);
  EXPECT_TRUE(std::holds_alternative<mqtt::Pingresp>(packets[1]));
  EXPECT_FALSE(device.paused);
}

TEST(ShardSession, TheSubscriptionsOfAGrantComeInPages) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  const Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.letter(0, FromGlobal{wire::GrantPage{"p", serial, {{"a"}, {"b"}}}});
  world.letter(0, FromGlobal{wire::GrantPage{"p", Serial{77}, {{"of another"}}}});
  world.settle();
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, true, {{"c"}}}});
  world.settle();
  EXPECT_TRUE(world.expect<mqtt::Connack>(device).session_present);
  Device& other = world.connect(clean("q"));
  for (BytesView topic : {"a", "of another", "b", "c"}) world.send(other, message(topic, topic));
  std::vector<Bytes> got;
  for (const mqtt::Packet& packet : world.read(device)) {
    got.emplace_back(std::get<mqtt::Publish>(packet).payload);
  }
  EXPECT_EQ(got, (std::vector<Bytes>{"a", "b", "c"}));
}

TEST(ShardSession, NothingIsDeliveredBetweenThePagesOfAGrantAndItsConnack) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  const Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.letter(0, FromGlobal{wire::GrantPage{"p", serial, {{"a"}}}});
  world.settle();
  Device& other = world.connect(clean("q"));
  for (int i = 0; i < 3; ++i) world.send(other, message("a", "too early"));
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, true, {}}});
  world.settle();
  EXPECT_TRUE(world.expect<mqtt::Connack>(device).session_present);
  world.send(other, message("a", "now"));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "now");
}

TEST(ShardSession, TheConnackOfARestoredSessionWaitsForItsRoutes) {
  ShardWorld world;
  world.bind_routes = false;
  Device& device = world.connect(persistent("p"));
  const Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, true, {{"a"}}}});
  world.settle();
  Device& other = world.connect(clean("q"));
  world.send(other, message("a", "behind it"));
  EXPECT_TRUE(world.read(device).empty());
  world.letter(0, RoutesBound{world.letters<RouteChange>().at(0).number});
  world.settle();
  const auto packets = world.read(device);
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_TRUE(std::get<mqtt::Connack>(packets[0]).session_present);
  EXPECT_EQ(std::get<mqtt::Publish>(packets[1]).payload, "behind it");
  world.send(other, message("a", "at once"));
  EXPECT_EQ(world.expect<mqtt::Publish>(device).payload, "at once");
}

TEST(ShardSession, ARestoredSessionMayEndBeforeItsRoutesAreBound) {
  ShardWorld world;
  world.bind_routes = false;
  Device& device = world.connect(persistent("p"));
  const Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, true, {{"a"}}}});
  world.settle();
  world.drop(device);
  Device& other = world.connect(clean("q"));  // under the same index
  EXPECT_EQ(world.expect<mqtt::Connack>(other).reason, Reason::success);
  world.letter(0, RoutesBound{1});
  world.settle();
  EXPECT_TRUE(world.read(other).empty());
}

TEST(ShardSession, PagesOfASessionThatGlobalThenLostAreForgotten) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  const Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.letter(0, FromGlobal{wire::GrantPage{"p", serial, {{"a"}}}});
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, false, {}}});
  world.settle();
  EXPECT_FALSE(world.expect<mqtt::Connack>(device).session_present);
  Device& other = world.connect(clean("q"));
  world.send(other, message("a", "nobody is there"));
  EXPECT_TRUE(world.read(device).empty());
}

TEST(ShardSession, ManySubscriptionsThatEndAtOnceAreWithdrawnInSlices) {
  ShardWorld world;
  Device& device = world.connect(clean("p"));
  constexpr size_t count = 2 * Interests::withdrawn_at_once + 5;
  std::set<std::string> filters;
  for (size_t i = 0; i < count; ++i) filters.insert(std::to_string(i) + "/+");
  for (const std::string& filter : filters) {
    world.send(device, subscribe(1, filter, mqtt::Qos::at_most_once));
  }
  world.to_node.clear();
  world.drop(device);
  std::set<std::string> withdrawn;
  for (const RouteChange& change : world.letters<RouteChange>()) {
    EXPECT_LE(change.removed.size(), Interests::withdrawn_at_once);
    withdrawn.insert(change.removed.begin(), change.removed.end());
  }
  EXPECT_EQ(withdrawn, filters);
}

TEST(ShardSession, WithoutAGrantThePersistentConnectionIsRefused) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  world.pass(std::chrono::seconds(5));
  EXPECT_EQ(world.expect<mqtt::Connack>(device).reason, Reason::server_unavailable);
  EXPECT_TRUE(device.closed);
  ASSERT_EQ(world.for_global<wire::Gone>().size(), 1u);
}

TEST(ShardSession, AGrantForAConnectionThatHasGoneIsGivenBack) {
  ShardWorld world;
  Device& device = world.connect(persistent("p"));
  Serial serial = world.for_global<wire::Claim>().at(0).serial;
  world.drop(device);
  world.to_node.clear();
  world.letter(0, FromGlobal{wire::Grant{"p", serial, Term{5}, false, {}}});
  world.settle();
  auto gone = world.for_global<wire::Gone>();
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].term, Term{5});
}

// [MQTT-3.1.2-22] [MQTT-3.2.2-22]
TEST(ShardSession, KeepAliveRunsOutAfterOneAndAHalf) {
  ShardWorld world;
  mqtt::Connect packet = clean("a");
  packet.keep_alive = 10;
  Device& device = world.connect(packet);
  world.read(device);
  world.pass(std::chrono::seconds(14));
  world.send(device, mqtt::Pingreq{});
  world.read(device);
  world.pass(std::chrono::seconds(14));
  EXPECT_FALSE(device.closed);
  world.pass(std::chrono::seconds(2));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::keep_alive_timeout);
  EXPECT_EQ(world.for_global<wire::Gone>().at(0).reason, wire::GoneReason::keep_alive_timeout);
}

TEST(ShardSession, AnEmptyClientIdIsAssignedOneThatLivesHere) {
  ShardWorld world(4);
  Device& device = world.connect(clean(""));
  auto connack = world.expect<mqtt::Connack>(device);
  ASSERT_TRUE(connack.properties.assigned_client_identifier.has_value());
  EXPECT_EQ(home_of(*connack.properties.assigned_client_identifier, 4), ShardIndex{0});
}

TEST(ShardSession, TheEndOfAServerIsSaidToItsClients) {
  ShardWorld world;
  Device& device = world.connect(clean("a"));
  world.read(device);
  world.shards[0]->stop(world.now);
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::server_shutting_down);
  EXPECT_TRUE(device.closed);
}

TEST(ShardSession, ThreePointOneOneIsRefusedByItsOwnCodes) {
  ShardWorld world;
  mqtt::Connect packet = clean("", Version::v3_1_1);
  packet.clean_start = false;
  Device& device = world.connect(packet);
  EXPECT_EQ(device.unread, Bytes("\x20\x02\x00\x02", 4));
  EXPECT_TRUE(device.closed);
}

TEST(ShardSession, AllLiveConnectionsAreClaimedAgainWhenAsked) {
  ShardWorld world;
  world.connect(clean("a"));
  world.connect(persistent("b"));
  world.drop(world.connect(clean("c")));
  world.to_node.clear();
  world.letter(0, ListClaims{3});
  world.settle();
  EXPECT_EQ(world.for_global<wire::Claim>().size(), 2u);
  EXPECT_EQ(world.letters<ClaimsListed>().at(0).round, 3u);
}

}  // namespace
}  // namespace muster::broker::test
