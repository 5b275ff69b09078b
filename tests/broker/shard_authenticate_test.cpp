// Enhanced authentication (MQTT 5.0, 4.12) with a method of the tests' own.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"
#include "tests/broker/twice.hpp"

namespace muster::broker::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using mqtt::Reason;

Options with_method() {
  Options options;
  options.auth_methods.push_back(std::make_shared<Twice>());
  return options;
}

mqtt::Connect connect(BytesView method, BytesView data, BytesView id = "c") {
  mqtt::Connect packet = clean(id);
  packet.properties.authentication_method = method;
  packet.properties.authentication_data = data;
  return packet;
}

mqtt::Auth auth(Reason reason, BytesView data, BytesView method = "TWICE") {
  mqtt::Auth packet;
  packet.reason = reason;
  packet.properties.authentication_method = method;
  packet.properties.authentication_data = data;
  return packet;
}

Device& authenticated(ShardWorld& world) {
  Device& device = world.connect(connect("TWICE", "word"));
  world.send(device, auth(Reason::continue_authentication, "wordword"));
  world.read(device);
  return device;
}

// [MQTT-4.12.0-1]
TEST(ShardAuthenticate, UnknownMethodsAreRefused) {
  ShardWorld world;
  Device& device = world.connect(connect("TWICE", "word"));
  EXPECT_EQ(world.expect<mqtt::Connack>(device).reason, Reason::bad_authentication_method);
  EXPECT_TRUE(device.closed);
}

// [MQTT-4.12.0-2] [MQTT-4.12.0-3] [MQTT-4.12.0-5]
TEST(ShardAuthenticate, AnExchangePrecedesConnack) {
  ShardWorld world(4, with_method());
  Device& device = world.connect(connect("TWICE", "word"));
  // AUTH, 0x18, the method and its data
  EXPECT_EQ(device.unread, "\xF0\x12\x18\x10\x15\x00\x05TWICE\x16\x00\x05"s + "twice");
  world.read(device);
  EXPECT_TRUE(world.for_global<wire::Claim>().empty());  // never seen as online
  world.send(device, auth(Reason::continue_authentication, "wordword"));
  auto connack = world.expect<mqtt::Connack>(device);
  EXPECT_EQ(connack.reason, Reason::success);
  EXPECT_EQ(connack.properties.authentication_method, "TWICE");
  EXPECT_EQ(connack.properties.authentication_data, "welcome");
  EXPECT_EQ(world.for_global<wire::Claim>().size(), 1u);
  world.send(device, mqtt::Pingreq{});
  world.expect<mqtt::Pingresp>(device);
}

TEST(ShardAuthenticate, WorksWithAnAssignedIdentifier) {
  ShardWorld world(4, with_method());
  Device& device = world.connect(connect("TWICE", "word", ""));
  world.read(device);
  world.send(device, auth(Reason::continue_authentication, "wordword"));
  EXPECT_TRUE(world.expect<mqtt::Connack>(device).properties.assigned_client_identifier);
}

// [MQTT-4.12.0-4]
TEST(ShardAuthenticate, ARefusalIsConnack) {
  ShardWorld world(1, with_method());
  Device& at_once = world.connect(connect("TWICE", "bad"));
  EXPECT_EQ(world.expect<mqtt::Connack>(at_once).reason, Reason::bad_user_name_or_password);
  EXPECT_TRUE(at_once.closed);
  Device& later = world.connect(connect("TWICE", "word"));
  world.read(later);
  world.send(later, auth(Reason::continue_authentication, "other"));
  EXPECT_EQ(world.expect<mqtt::Connack>(later).reason, Reason::not_authorized);
  EXPECT_TRUE(later.closed);
  EXPECT_TRUE(world.for_global<wire::Claim>().empty());
}

// [MQTT-3.1.2-24]
TEST(ShardAuthenticate, WhoHasNoRoomForAuthIsRefused) {
  ShardWorld world(1, with_method());
  mqtt::Connect narrow = connect("TWICE", "word");
  narrow.properties.maximum_packet_size = 19;  // AUTH has 20 bytes
  Device& device = world.connect(narrow);
  EXPECT_EQ(world.expect<mqtt::Connack>(device).reason, Reason::packet_too_large);
  EXPECT_TRUE(device.closed);
}

// [MQTT-3.1.2-30] [MQTT-4.12.0-3] [MQTT-3.14.0-1]
TEST(ShardAuthenticate, OnlyAuthIsAwaitedBeforeConnack) {
  ShardWorld world(1, with_method());
  for (const mqtt::Packet& packet :
       {mqtt::Packet{message("a", "x")}, mqtt::Packet{auth(Reason::reauthenticate, "word")}}) {
    Device& device = world.connect(connect("TWICE", "word"));
    world.read(device);
    world.send(device, packet);
    EXPECT_EQ(world.expect<mqtt::Connack>(device).reason, Reason::protocol_error);
    EXPECT_TRUE(device.closed);
  }
  Device& other = world.connect(connect("TWICE", "word"));
  world.read(other);
  world.send(other, auth(Reason::continue_authentication, "wordword", "ONCE"));
  EXPECT_EQ(world.expect<mqtt::Connack>(other).reason, Reason::bad_authentication_method);
  Device& gone = world.connect(connect("TWICE", "word"));
  world.read(gone);
  world.send(gone, mqtt::Disconnect{});
  EXPECT_TRUE(world.read(gone).empty());
  EXPECT_TRUE(gone.closed);
}

TEST(ShardAuthenticate, TakesNoLongerThanAConnect) {
  ShardWorld world(1, with_method());
  Device& device = world.connect(connect("TWICE", "word"));
  world.pass(11s);
  EXPECT_TRUE(device.closed);
}

// [MQTT-4.12.1-1] [MQTT-4.12.1-2]
TEST(ShardAuthenticate, AConnectedClientMayAuthenticateAnew) {
  ShardWorld world(1, with_method());
  Device& device = authenticated(world);
  world.send(device, auth(Reason::reauthenticate, "more"));
  EXPECT_EQ(world.expect<mqtt::Auth>(device).reason, Reason::continue_authentication);
  world.send(device, mqtt::Pingreq{});  // others go on meanwhile
  world.expect<mqtt::Pingresp>(device);
  world.send(device, auth(Reason::continue_authentication, "moremore"));
  auto answer = world.expect<mqtt::Auth>(device);
  EXPECT_EQ(answer.reason, Reason::success);
  EXPECT_EQ(answer.properties.authentication_method, "TWICE");
  EXPECT_EQ(answer.properties.authentication_data, "welcome");
  world.send(device, auth(Reason::reauthenticate, "again"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::not_authorized);
  EXPECT_TRUE(device.closed);
}

// [MQTT-4.12.1-1] [MQTT-4.12.0-7]
TEST(ShardAuthenticate, WhatNobodyAskedForIsAProtocolError) {
  ShardWorld world(1, with_method());
  Device& device = authenticated(world);
  world.send(device, auth(Reason::continue_authentication, "x"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(device).reason, Reason::protocol_error);
  Device& other = authenticated(world);
  world.send(other, auth(Reason::reauthenticate, "x", "ONCE"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(other).reason, Reason::bad_authentication_method);
  Device& plain = world.connect(clean("plain"));
  world.read(plain);
  world.send(plain, auth(Reason::reauthenticate, "x"));
  EXPECT_EQ(world.expect<mqtt::Disconnect>(plain).reason, Reason::protocol_error);
}

}  // namespace
}  // namespace muster::broker::test
