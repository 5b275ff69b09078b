// Shared subscriptions at one shard and between the shards of one broker (4.8.2).

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using mqtt::Reason;
using wire::ShareWay;

Device& member(ShardWorld& world, const std::string& id, BytesView filter, Qos qos,
               uint16_t window = 65535) {
  mqtt::Connect packet = clean(id);
  packet.properties.receive_maximum = window;
  Device& device = world.connect(packet);
  world.read(device);
  world.send(device, subscribe(1, filter, qos));
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0), static_cast<Reason>(qos));
  return device;
}

Device& publisher(ShardWorld& world) {
  Device& device = world.connect(clean("publisher"));
  world.read(device);
  return device;
}

std::vector<mqtt::Publish> publishes(ShardWorld& world, Device& device) {
  std::vector<mqtt::Publish> found;
  for (const mqtt::Packet& packet : world.read(device)) {
    if (const auto* one = std::get_if<mqtt::Publish>(&packet)) found.push_back(*one);
  }
  return found;
}

void acknowledge(ShardWorld& world, Device& device, uint16_t id) {
  world.send(device, mqtt::Acknowledgement{mqtt::PacketType::puback, id, Reason::success, {}});
}

TEST(ShardGroups, EachMessageGoesToOneMemberInTurn) {
  ShardWorld world(4);
  std::vector<Device*> members;
  for (int i = 0; i < 6; ++i) {
    members.push_back(&member(world, "m" + std::to_string(i), "$share/g/a/+", Qos::at_most_once));
  }
  Device& alone = member(world, "alone", "a/b", Qos::at_most_once);
  Device& from = publisher(world);
  std::set<std::string> got;
  for (int i = 0; i < 600; ++i) world.send(from, message("a/b", std::to_string(i)));
  for (Device* device : members) {
    const auto own = publishes(world, *device);
    EXPECT_GT(own.size(), 80u);
    EXPECT_LT(own.size(), 120u);
    for (const auto& packet : own) EXPECT_TRUE(got.insert(std::string(packet.payload)).second);
  }
  EXPECT_EQ(got.size(), 600u);
  EXPECT_EQ(publishes(world, alone).size(), 600u);
}

TEST(ShardGroups, EachGroupGetsItsOwnCopy) {
  ShardWorld world(2);
  Device& one = member(world, "one", "$share/g1/a", Qos::at_least_once);
  Device& two = member(world, "two", "$share/g2/a", Qos::at_most_once);
  Device& both = member(world, "both", "$share/g3/#", Qos::at_least_once);
  world.send(both, subscribe(2, "a", Qos::at_most_once));
  world.read(both);
  Device& from = publisher(world);
  world.send(from, message("a", "x", Qos::at_least_once, 1));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(from).reason, Reason::success);
  EXPECT_EQ(world.expect<mqtt::Publish>(one).qos, Qos::at_least_once);
  EXPECT_EQ(world.expect<mqtt::Publish>(two).qos, Qos::at_most_once);
  EXPECT_EQ(publishes(world, both).size(), 2u);  // for the group, and its own
}

TEST(ShardGroups, NobodyLeftIsSaidAndJoiningAgainWorks) {
  ShardWorld world(2);
  Device& one = member(world, "one", "$share/g/a", Qos::at_least_once);
  Device& from = publisher(world);
  mqtt::Unsubscribe less;
  less.packet_id = 9;
  less.filters = {"$share/g/a"};
  world.send(one, less);
  EXPECT_EQ(world.expect<mqtt::Unsuback>(one).reasons.at(0), Reason::success);
  world.send(one, less);
  EXPECT_EQ(world.expect<mqtt::Unsuback>(one).reasons.at(0), Reason::no_subscription_existed);
  world.send(from, message("a", "x", Qos::at_least_once, 1));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(from).reason, Reason::no_matching_subscribers);
  world.send(one, subscribe(2, "$share/g/a", Qos::at_least_once));
  world.read(one);
  world.send(from, message("a", "y", Qos::at_least_once, 2));
  EXPECT_EQ(world.expect<mqtt::Publish>(one).payload, "y");
}

TEST(ShardGroups, TheMemberWithLessInFlightIsChosen) {
  ShardWorld world;
  Device& slow = member(world, "slow", "$share/g/a", Qos::at_least_once);
  Device& fast = member(world, "fast", "$share/g/a", Qos::at_least_once);
  Device& from = publisher(world);
  for (uint16_t i = 1; i <= 20; ++i) {
    world.send(from, message("a", "x", Qos::at_least_once, i));
    world.read(from);
    for (const auto& packet : publishes(world, fast)) acknowledge(world, fast, packet.packet_id);
  }
  EXPECT_LE(publishes(world, slow).size(), 2u);
}

TEST(ShardGroups, CarriesTheIdentifierOfTheMember) {
  ShardWorld world;
  Device& one = world.connect(clean("one"));
  world.read(one);
  mqtt::Subscribe packet = subscribe(1, "$share/g/a", Qos::at_most_once);
  packet.properties.subscription_identifiers = {77};
  world.send(one, packet);
  world.read(one);
  Device& from = publisher(world);
  world.send(from, message("a", "x"));
  const auto got = world.expect<mqtt::Publish>(one);
  EXPECT_EQ(got.properties.subscription_identifiers, std::vector<uint32_t>{77});
}

TEST(ShardGroups, WhatAMemberLeavesUnacknowledgedGoesToAnother) {
  ShardWorld world(2);
  Device& one = member(world, "one", "$share/g/a", Qos::at_least_once, 2);
  Device& from = publisher(world);
  std::map<std::string, int> got;
  for (uint16_t i = 1; i <= 10; ++i) {
    world.send(from, message("a", std::to_string(i), Qos::at_least_once, i));
  }
  const auto sent = publishes(world, one);
  ASSERT_EQ(sent.size(), 2u);  // its window; the others wait
  acknowledge(world, one, sent[0].packet_id);
  Device& two = member(world, "two", "$share/g/a", Qos::at_least_once);
  Device& three = member(world, "three", "$share/g/a", Qos::at_least_once);
  world.drop(one);
  for (Device* device : {&two, &three}) {
    for (const auto& packet : publishes(world, *device)) {
      EXPECT_FALSE(packet.dup);
      ++got[std::string(packet.payload)];
    }
  }
  EXPECT_EQ(got.size(), 9u);
  EXPECT_EQ(got.count("1"), 0u);
  for (const auto& [payload, count] : got) EXPECT_EQ(count, 1) << payload;
}

TEST(ShardGroups, ARefusedMessageIsDiscarded) {
  ShardWorld world;
  Device& one = member(world, "one", "$share/g/a", Qos::at_least_once);
  Device& from = publisher(world);
  world.send(from, message("a", "x", Qos::at_least_once, 1));
  const auto packet = world.expect<mqtt::Publish>(one);
  world.send(one, mqtt::Acknowledgement{
                      mqtt::PacketType::puback, packet.packet_id, Reason::unspecified_error, {}});
  Device& two = member(world, "two", "$share/g/a", Qos::at_least_once);
  world.drop(one);
  EXPECT_TRUE(publishes(world, two).empty());
}

TEST(ShardGroups, NoLocalAndBadNamesCloseTheConnection) {
  const auto closed_with = [](BytesView filter, bool no_local) {
    ShardWorld world;
    Device& device = world.connect(clean("one"));
    world.read(device);
    mqtt::Subscribe packet = subscribe(1, filter, Qos::at_most_once);
    packet.entries[0].options.no_local = no_local;
    world.send(device, packet);
    EXPECT_TRUE(device.closed);
    return world.expect<mqtt::Disconnect>(device).reason;
  };
  EXPECT_EQ(closed_with("$share/g/a", true), Reason::protocol_error);
  for (const BytesView bad : {"$share/", "$share/g", "$share//a", "$share/g/", "$share/+/a",
                              "$share/g#/a", "$share/g/a/#/b"}) {
    EXPECT_EQ(closed_with(bad, false), Reason::topic_filter_invalid) << bad;
  }
}

TEST(ShardGroups, PresenceTopicsAreNotShared) {
  ShardWorld world;
  Device& device = world.connect(clean("one"));
  world.read(device);
  world.send(device, subscribe(1, "$share/g/$user/me/presence", Qos::at_most_once));
  EXPECT_EQ(world.expect<mqtt::Suback>(device).reasons.at(0),
            Reason::shared_subscriptions_not_supported);
}

// ---- with other nodes --------------------------------------------------------------------------

PeerRoutes routes_of(PeerIndex peer, uint64_t number, std::vector<wire::GroupRoute> groups) {
  PeerRoutes routes;
  routes.peer = peer;
  routes.number = number;
  routes.groups = std::move(groups);
  return routes;
}

std::vector<PublicationView> to_node(const ShardWorld& world) {
  std::vector<PublicationView> all;
  for (const auto& [shard, publications] : world.published) {
    publications.for_each([&](const PublicationView& view) { all.push_back(view); });
  }
  return all;
}

TEST(ShardGroups, OwnersAreChosenByTheirMembers) {
  ShardWorld world;
  member(world, "one", "$share/g/a", Qos::at_least_once);
  world.letter(0, routes_of(3, 1, {{"$share/g/a", 3, 5, 0}}));
  world.letter(0, routes_of(0, 1, {{"$share/g/a", 0, 0, 4}}));
  world.settle();
  Device& from = publisher(world);
  for (uint16_t i = 1; i <= 400; ++i) {
    world.send(from, message("a", "x", Qos::at_least_once, i));
    if (!to_node(world).empty()) world.letter(0, Taken{{to_node(world).back().token}});
    world.settle();
  }
  const auto sent = to_node(world);
  EXPECT_NEAR(static_cast<double>(sent.size()), 300, 10);
  for (const auto& view : sent) {
    EXPECT_EQ(view.peers, uint64_t{1} << 3);  // global only has members that are away
    EXPECT_EQ(view.share, "$share/g/a");
    EXPECT_EQ(view.way, ShareWay::one);
  }
}

TEST(ShardGroups, PubackWaitsForTheOwner) {
  ShardWorld world;
  world.letter(0, routes_of(0, 1, {{"$share/g/a", 0, 0, 1}}));
  world.settle();
  Device& from = publisher(world);
  world.send(from, message("a", "x", Qos::at_least_once, 5));
  EXPECT_TRUE(world.read(from).empty());
  ASSERT_EQ(to_node(world).size(), 1u);
  world.letter(0, Taken{{to_node(world)[0].token}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(from).packet_id, 5);
}

TEST(ShardGroups, WithoutMembersItIsPassedOnOnce) {
  ShardWorld world;
  world.letter(0, routes_of(3, 1, {{"$share/g/a", 1, 1, 0}}));
  world.settle();
  Parcel parcel;
  parcel.from_node = true;
  PublicationView view{"a", "x", {}, {}, Qos::at_least_once};
  view.share = "$share/g/a";
  view.way = ShareWay::one;
  parcel.publications.append(view);
  world.shards[0]->open(world.now, std::move(parcel));
  world.settle();
  ASSERT_EQ(to_node(world).size(), 1u);
  EXPECT_EQ(to_node(world)[0].way, ShareWay::passed);
  parcel.publications = {};
  view.way = ShareWay::passed;
  parcel.publications.append(view);
  world.shards[0]->open(world.now, std::move(parcel));
  world.settle();
  EXPECT_EQ(to_node(world).size(), 1u);
  EXPECT_EQ(world.shards[0]->counters().shared_dropped, 1u);

  world.letter(0, routes_of(global_peer, 2, {{"$share/g/a", 0, 0, 1}}));
  world.settle();
  parcel.publications = {};
  parcel.publications.append(view);
  world.shards[0]->open(world.now, std::move(parcel));
  world.settle();
  EXPECT_EQ(to_node(world).size(), 2u) << "global keeps it for a member that is away";
  EXPECT_EQ(world.shards[0]->counters().shared_dropped, 1u);
}

TEST(ShardGroups, GlobalServesTheGroupsThatAreNotKnownYet) {
  ShardWorld world;
  Device& one = member(world, "one", "$share/g/a", Qos::at_least_once);
  world.letter(0, GlobalKnown{false});
  world.settle();
  Device& from = publisher(world);
  world.send(from, message("a", "x", Qos::at_least_once, 5));
  EXPECT_EQ(publishes(world, one).size(), 1u);
  ASSERT_EQ(to_node(world).size(), 2u);  // for its sessions, and for its groups
  EXPECT_EQ(to_node(world)[0].way, ShareWay::none);
  EXPECT_EQ(to_node(world)[1].way, ShareWay::others);
  EXPECT_EQ(to_node(world)[1].share, "$share/g/a");
  world.letter(0, Taken{{to_node(world)[0].token}});
  world.settle();
  EXPECT_TRUE(world.read(from).empty());
  world.letter(0, Taken{{to_node(world)[1].token}});
  world.settle();
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(from).packet_id, 5);
}

TEST(ShardGroups, ALostPeerIsNoOwnerAnyMore) {
  ShardWorld world;
  world.letter(0, routes_of(3, 1, {{"$share/g/a", 1, 1, 0}}));
  world.letter(0, PeerLost{3, 2});
  world.settle();
  Device& from = publisher(world);
  world.send(from, message("a", "x", Qos::at_least_once, 5));
  EXPECT_EQ(world.expect<mqtt::Acknowledgement>(from).reason, Reason::no_matching_subscribers);
}

TEST(ShardGroups, TheOthersHearTheCounts) {
  ShardWorld world;
  Device& one = member(world, "one", "$share/g/a", Qos::at_least_once);
  member(world, "two", "$share/g/a", Qos::at_least_once);
  world.drop(one);
  std::vector<wire::GroupRoute> told;
  for (const RouteChange& change : world.letters<RouteChange>()) {
    told.insert(told.end(), change.groups.begin(), change.groups.end());
  }
  const std::vector<wire::GroupRoute> expected{
      {"$share/g/a", 1, 1, 0}, {"$share/g/a", 2, 2, 0}, {"$share/g/a", 1, 1, 0}};
  EXPECT_EQ(told, expected);
}

}  // namespace
}  // namespace muster::broker::test
