// Rows of devices and users: claims and goodbyes of clean connections, grace, forgetting.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;
using wire::Status;

class PresenceTest : public ::testing::Test {
 protected:
  explicit PresenceTest(Options options = {})
      : world(options), follower(world.add("q1", wire::Role::query, 900)) {
    follower.ask();
    world.broker("b1", 11);
    world.broker("b2", 22);
    world.run();
    follower.read();
    follower.entries.clear();
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  Status status(const std::string& device) {
    world.run();
    follower.read();
    return follower.status(device);
  }
  // Was this device's row ever said to be offline?
  bool seen_offline(const std::string& device) {
    world.run();
    follower.read();
    for (const wire::LogEntry& entry : follower.entries) {
      const auto* row = std::get_if<wire::DeviceRow>(&entry.row);
      if (row && row->device == device && !row->connected) return true;
    }
    return false;
  }

  World world;
  Follower follower;
};

TEST_F(PresenceTest, AClientComesAndGoes) {
  wire::Claim claim = clean_claim("device", 1);
  claim.protocol = 5;
  claim.keep_alive_s = 60;
  b1().stream(claim);
  EXPECT_EQ(status("device"), Status::online);
  wire::DeviceRow row = follower.devices.at("device");
  EXPECT_EQ(row.broker_name, "b1");
  EXPECT_EQ(row.protocol, 5);
  EXPECT_EQ(row.keep_alive_s, 60);
  EXPECT_EQ(row.address, claim.address);
  EXPECT_EQ(row.since_ms, claim.since_ms);
  const Term first = row.term;
  b1().stream(gone("device", 1, GoneReason::disconnected));
  EXPECT_EQ(status("device"), Status::offline);
  EXPECT_EQ(follower.devices.at("device").why, GoneReason::disconnected);
  EXPECT_EQ(follower.devices.at("device").last_seen_ms, 1'650'000'000'000);
  b1().stream(clean_claim("device", 2));
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_GT(follower.devices.at("device").term, first);
  EXPECT_EQ(follower.gaps, 0);
}

TEST_F(PresenceTest, ATakeoverIsNeverSeenAsOffline) {
  b1().stream(clean_claim("device", 1));
  world.run();
  b2().stream(clean_claim("device", 1));
  world.run();
  const auto evict = b1().take<wire::Evict>();
  ASSERT_TRUE(evict);
  EXPECT_EQ(evict->serial, Serial{1});
  EXPECT_EQ(evict->reason, 0x8E);
  b1().stream(gone("device", 1, GoneReason::taken_over));
  EXPECT_FALSE(seen_offline("device"));
  EXPECT_EQ(follower.devices.at("device").broker_name, "b2");
}

TEST_F(PresenceTest, HelloAndGoodbyeMayComeInAnyOrder) {
  b1().stream(clean_claim("device", 1));
  world.run();
  // At one broker: the new claim is there before the goodbye of the old connection.
  b1().stream(clean_claim("device", 2));
  b1().stream(gone("device", 1, GoneReason::taken_over));
  EXPECT_FALSE(seen_offline("device"));
  EXPECT_EQ(follower.devices.at("device").serial, Serial{2});
  // The claim of an older connection of the same broker changes nothing.
  b1().stream(clean_claim("device", 1));
  world.run();
  EXPECT_EQ(b1().take_all<wire::Evict>().back().serial, Serial{1});
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_EQ(follower.devices.at("device").serial, Serial{2});
}

TEST_F(PresenceTest, TheYoungerConnectionWins) {
  wire::Claim old_claim = clean_claim("device", 1);
  wire::Claim young_claim = clean_claim("device", 5);
  old_claim.connected_us = -60'000'000;
  young_claim.connected_us = -1'000'000;
  b2().stream(young_claim);
  world.run();
  b1().stream(old_claim);  // b1 was cut off and heals: it evicts nobody who moved on
  world.run();
  EXPECT_FALSE(b2().take<wire::Evict>());
  const auto evict = b1().take<wire::Evict>();
  ASSERT_TRUE(evict);
  EXPECT_EQ(evict->serial, Serial{1});
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_EQ(follower.devices.at("device").broker_name, "b2");
  // Also when the younger one has gone again meanwhile.
  b2().stream(gone("device", 5));
  EXPECT_EQ(status("device"), Status::offline);
  b1().stream(old_claim);
  EXPECT_EQ(status("device"), Status::offline);
  EXPECT_TRUE(b1().take<wire::Evict>());
}

TEST_F(PresenceTest, RowsThatAreNotListedAreClosed) {
  for (uint64_t serial = 1; serial <= 5; ++serial) {
    b1().stream(clean_claim("device" + std::to_string(serial), serial));
  }
  b2().stream(clean_claim("other", 1));
  world.advance_ms(4000);
  b1().stream(wire::ClaimsBegin{});
  b1().stream(clean_claim("device2", 2));
  b1().stream(clean_claim("device4", 4));
  b1().stream(clean_claim("device9", 9));
  b1().stream(wire::ClaimsEnd{});
  b1().stream(clean_claim("device10", 10));
  EXPECT_EQ(status("device1"), Status::offline);
  EXPECT_EQ(follower.devices.at("device1").why, GoneReason::not_listed);
  EXPECT_EQ(status("device2"), Status::online);
  EXPECT_EQ(status("device3"), Status::offline);
  EXPECT_EQ(status("device4"), Status::online);
  EXPECT_EQ(status("device5"), Status::offline);
  EXPECT_EQ(status("device9"), Status::online);
  EXPECT_EQ(status("device10"), Status::online);
  EXPECT_EQ(status("other"), Status::online);
  EXPECT_FALSE(seen_offline("device2"));
}

TEST_F(PresenceTest, ATakeoverIsNotSeenAsOfflineThoughGlobalStartsInItsMidst) {
  b1().stream(clean_claim("device", 1));
  b1().stream(clean_claim("ended", 2));
  world.advance_ms(4000);
  world.restart();
  world.advance_ms(500);
  follower.ask();
  b1().stream(wire::ClaimsBegin{});  // it was evicted there, for the one that was not stored
  b1().stream(wire::ClaimsEnd{});
  world.advance_ms(1000);
  b2().stream(clean_claim("device", 1));
  world.advance_ms(3000);
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_FALSE(seen_offline("device"));
  EXPECT_EQ(status("ended"), Status::offline);
}

TEST_F(PresenceTest, ClaimingAgainWritesNothing) {
  b1().stream(clean_claim("device", 1));
  world.run();
  follower.read();
  const size_t entries = follower.entries.size();
  b1().stream(wire::ClaimsBegin{});
  b1().stream(clean_claim("device", 1));
  b1().stream(wire::ClaimsEnd{});
  world.run();
  follower.read();
  EXPECT_EQ(follower.entries.size(), entries);
}

TEST_F(PresenceTest, UsersKeepTheirAttributes) {
  b1().stream(wire::SetInfo{"user", {{"room", "kitchen"}, {"mood", "fine"}}});
  b2().stream(wire::SetInfo{"user", {{"mood", ""}, {"floor", "2"}}});
  world.run();
  follower.read();
  const std::map<std::string, std::string> expected{{"room", "kitchen"}, {"floor", "2"}};
  EXPECT_EQ(follower.users.at("user").attributes, expected);
  b1().stream(wire::SetInfo{"user", {{"big", std::string(5000, 'x')}}});
  world.run();
  follower.read();
  EXPECT_EQ(follower.users.at("user").attributes, expected);
  world.restart();
  world.advance_ms(3000);
  Follower later(world.add("q2", wire::Role::query, 901));
  later.ask();
  EXPECT_EQ(later.users.at("user").attributes, expected);
}

TEST_F(PresenceTest, AfterARestartTheYoungerConnectionIsFoundAgain) {
  wire::Claim at_b1 = clean_claim("device", 1);
  wire::Claim at_b2 = clean_claim("device", 1);
  b1().stream(at_b1);
  world.advance_ms(1000);
  b2().stream(at_b2);
  world.hold_commits = true;  // the eviction never leaves
  world.run();
  ASSERT_TRUE(world.commit());
  world.hold_commits = false;
  b1().received.clear();
  world.restart();
  // b1 lists first and does not know better: it takes the row, but nobody is evicted for it.
  b2().cut = true;
  at_b1.connected_us = -5'000'000;
  b1().stream(wire::ClaimsBegin{});
  b1().stream(at_b1);
  b1().stream(wire::ClaimsEnd{});
  world.advance_ms(1500);
  EXPECT_FALSE(b2().take<wire::Evict>());
  b2().cut = false;
  at_b2.connected_us = -1'000'000;
  b2().stream(wire::ClaimsBegin{});
  b2().stream(at_b2);
  b2().stream(wire::ClaimsEnd{});
  world.advance_ms(1500);
  EXPECT_TRUE(b1().take<wire::Evict>());
  EXPECT_FALSE(b2().take<wire::Evict>());
  follower.ask();
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_EQ(follower.devices.at("device").broker_name, "b2");
}

class GraceTest : public PresenceTest {
 protected:
  GraceTest() : PresenceTest({.grace = std::chrono::seconds(5)}) {}
};

TEST_F(GraceTest, DampsFlapping) {
  b1().stream(clean_claim("device", 1));
  b1().stream(gone("device", 1, GoneReason::connection_lost));
  world.advance_ms(4000);
  EXPECT_EQ(status("device"), Status::online);
  b2().stream(clean_claim("device", 1));
  world.advance_ms(4000);
  EXPECT_FALSE(seen_offline("device"));
  EXPECT_FALSE(b1().take<wire::Evict>());  // it has gone
  b2().stream(gone("device", 1, GoneReason::keep_alive_timeout));
  world.advance_ms(4900);
  EXPECT_EQ(status("device"), Status::online);
  world.advance_ms(200);
  EXPECT_EQ(status("device"), Status::offline);
  EXPECT_EQ(follower.devices.at("device").why, GoneReason::keep_alive_timeout);
  EXPECT_EQ(follower.devices.at("device").last_seen_ms, 1'650'000'000'000);
}

TEST_F(GraceTest, IsNotForAGoodbyeThatWasMeant) {
  b1().stream(clean_claim("device", 1));
  b1().stream(gone("device", 1, GoneReason::disconnected));
  EXPECT_EQ(status("device"), Status::offline);
}

TEST_F(GraceTest, HoldsThroughAListAndEndsWithItsBroker) {
  b1().stream(clean_claim("device", 1));
  b1().stream(gone("device", 1, GoneReason::connection_lost));
  b1().stream(wire::ClaimsBegin{});
  b1().stream(wire::ClaimsEnd{});
  EXPECT_EQ(status("device"), Status::online);
  world.remove("b1");
  world.broker("b1", 12);
  EXPECT_EQ(status("device"), Status::offline);
  EXPECT_EQ(world.stats().connected, 0u);
}

class ForgetTest : public PresenceTest {
 protected:
  ForgetTest() : PresenceTest({.forget_after = std::chrono::seconds(60), .offline_devices = 3}) {}
  void pass(const std::string& device, uint64_t serial) {
    b1().stream(clean_claim(device, serial));
    b1().stream(gone(device, serial));
    world.run();
  }
};

TEST_F(ForgetTest, AnOfflineRowIsErasedAfterAWhile) {
  pass("device", 1);
  world.advance_ms(59'000);
  EXPECT_EQ(world.stats().devices, 1u);
  world.advance_ms(2000);
  EXPECT_EQ(world.stats().devices, 0u);
  follower.read();
  EXPECT_FALSE(follower.devices.contains("device"));
  EXPECT_EQ(follower.gaps, 0);
  Follower later(world.add("q2", wire::Role::query, 901));
  later.ask();
  EXPECT_TRUE(later.devices.empty());
  pass("device", 2);
  later.read();
  EXPECT_EQ(later.gaps, 0);  // the snapshot brought the erasure as the slot's newest entry
  world.restart();
  world.advance_ms(61'000);
  EXPECT_EQ(world.stats().devices, 0u);
}

TEST_F(ForgetTest, TooManyOfflineRowsAreErasedOldestFirst) {
  for (uint64_t i = 1; i <= 5; ++i) {
    pass("device" + std::to_string(i), i);
    world.advance_ms(1000);
  }
  world.advance_ms(1000);
  follower.read();
  EXPECT_EQ(world.stats().devices, 3u);
  EXPECT_FALSE(follower.devices.contains("device1"));
  EXPECT_FALSE(follower.devices.contains("device2"));
  EXPECT_TRUE(follower.devices.contains("device5"));
}

TEST_F(ForgetTest, ADeviceWithASessionIsNotForgotten) {
  attach(b1(), "device", 1);
  b1().stream(gone("device", 1));
  world.advance_ms(200'000);
  EXPECT_EQ(world.stats().devices, 1u);
  world.advance(std::chrono::hours(1));
  world.advance_ms(120'000);
  EXPECT_EQ(world.stats().sessions, 0u);
  EXPECT_EQ(world.stats().devices, 0u);
}

}  // namespace
}  // namespace muster::global::testing
