// Leases and broker incarnations, as a query server sees them.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::BrokerState;
using wire::Status;

class LeasesTest : public ::testing::Test {
 protected:
  LeasesTest() : follower(world.add("q1", wire::Role::query, 900)) { follower.ask(); }
  BrokerState state(uint64_t incarnation) {
    follower.read();
    return follower.brokers.at(Incarnation{incarnation}).state;
  }
  Status status(const std::string& device) {
    follower.read();
    return follower.status(device);
  }

  World world;
  Follower follower;
};

TEST_F(LeasesTest, ALeaseIsGrantedWithATerm) {
  Peer& b1 = world.broker("b1", 11);
  b1.talk(wire::LeaseRequest{42});
  world.run();
  const auto grant = b1.take<wire::LeaseGrant>();
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->request, 42u);
  EXPECT_NE(grant->term, Term::none);
  EXPECT_EQ(state(11), BrokerState::alive);
}

TEST_F(LeasesTest, SilenceMakesABrokerUnreachableAndThenDead) {
  Peer& b1 = world.broker("b1", 11);
  for (uint64_t serial = 1; serial <= 50; ++serial) {
    b1.stream(clean_claim("device" + std::to_string(serial), serial));
  }
  world.run();
  EXPECT_EQ(status("device7"), Status::online);
  b1.cut = true;
  world.advance_ms(2900);
  EXPECT_EQ(state(11), BrokerState::alive);
  follower.entries.clear();
  world.advance_ms(200);
  EXPECT_EQ(state(11), BrokerState::unreachable);
  EXPECT_EQ(status("device7"), Status::unknown);
  EXPECT_EQ(follower.entries.size(), 1u);  // for all of its devices
  world.advance_ms(9700);
  EXPECT_EQ(state(11), BrokerState::unreachable);
  world.advance_ms(400);
  EXPECT_EQ(state(11), BrokerState::dead);
  EXPECT_EQ(status("device7"), Status::offline);
  EXPECT_EQ(world.stats().connected, 0u);  // the rows are swept
  EXPECT_EQ(follower.devices.at("device7").why, wire::GoneReason::broker_lost);
  EXPECT_EQ(follower.gaps, 0);
}

TEST_F(LeasesTest, AnUnreachableBrokerComesBackAlive) {
  Peer& b1 = world.broker("b1", 11);
  b1.stream(clean_claim("device", 1));
  b1.cut = true;
  world.advance_ms(100);
  b1.cut = false;
  world.advance_ms(1000);
  b1.cut = true;
  world.advance_ms(5000);
  EXPECT_EQ(status("device"), Status::unknown);
  b1.cut = false;
  world.advance_ms(2000);
  EXPECT_EQ(status("device"), Status::online);
  EXPECT_EQ(state(11), BrokerState::alive);
  EXPECT_FALSE(b1.take<wire::Deposed>());
}

TEST_F(LeasesTest, ADeadIncarnationIsFinal) {
  Peer& b1 = world.broker("b1", 11);
  b1.cut = true;
  world.advance_ms(14'000);
  EXPECT_EQ(state(11), BrokerState::dead);
  const uint64_t number = b1.stream(clean_claim("device", 1));
  b1.cut = false;
  world.advance_ms(3000);
  EXPECT_TRUE(b1.take<wire::Deposed>());
  EXPECT_LT(b1.acknowledged, number);  // nothing of it is taken
  EXPECT_EQ(world.stats().devices, 0u);
  b1.talk(wire::LeaseRequest{7});
  world.run();
  EXPECT_TRUE(b1.take<wire::Deposed>());
  EXPECT_FALSE(b1.take<wire::LeaseGrant>());

  b1.links.renew(world.now(), Incarnation{12});
  world.advance_ms(3000);
  b1.stream(clean_claim("device", 1));
  world.run();
  EXPECT_EQ(state(12), BrokerState::alive);
  EXPECT_EQ(status("device"), Status::online);
}

// What it had stored is not sent again under the next incarnation: nobody gets it twice.
TEST_F(LeasesTest, ADeadIncarnationIsToldHowFarItsStreamIsStored) {
  Peer& b1 = world.broker("b1", 11);
  const uint64_t stored = b1.stream(clean_claim("device", 1));
  world.run();
  b1.cut = true;
  world.advance_ms(14'000);
  const uint64_t late = b1.stream(clean_claim("late", 2));
  b1.cut = false;
  world.advance_ms(3000);
  const auto deposed = b1.take<wire::Deposed>();
  ASSERT_TRUE(deposed);
  EXPECT_GE(deposed->taken, stored);
  EXPECT_LT(deposed->taken, late);

  world.restart();
  b1.talk(wire::LeaseRequest{7});
  world.advance_ms(3000);
  const auto again = b1.take<wire::Deposed>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->taken, deposed->taken);
}

TEST_F(LeasesTest, AnotherIncarnationOfTheSameNameEndsTheFirst) {
  Peer& b1 = world.broker("b1", 11);
  b1.stream(clean_claim("stays", 1));
  b1.stream(clean_claim("moves", 2));
  world.run();
  world.remove("b1");
  Peer& again = world.broker("b1", 12);
  again.stream(clean_claim("moves", 1));
  world.advance_ms(1000);
  EXPECT_EQ(state(11), BrokerState::dead);
  EXPECT_EQ(state(12), BrokerState::alive);
  EXPECT_EQ(status("stays"), Status::offline);
  EXPECT_EQ(status("moves"), Status::online);
  EXPECT_EQ(world.stats().connected, 1u);
}

TEST_F(LeasesTest, AfterAStartEveryIncarnationHoldsOneFullLease) {
  Peer& b1 = world.broker("b1", 11);
  b1.stream(clean_claim("device", 1));
  world.run();
  world.peer("q1").received.clear();
  world.restart();
  b1.cut = true;
  world.advance_ms(2500);
  follower.ask();
  EXPECT_EQ(state(11), BrokerState::unreachable);  // until its hello
  EXPECT_EQ(status("device"), Status::unknown);
  b1.cut = false;
  world.advance_ms(1500);
  EXPECT_EQ(state(11), BrokerState::alive);
  EXPECT_EQ(status("device"), Status::online);
}

TEST_F(LeasesTest, ABrokerThatNeverReturnsAfterAStartIsDead) {
  Peer& b1 = world.broker("b1", 11);
  b1.stream(clean_claim("device", 1));
  world.run();
  world.remove("b1");
  world.restart();
  world.advance_ms(12'900);
  EXPECT_EQ(world.stats().connected, 1u);
  world.advance_ms(300);
  EXPECT_EQ(world.stats().connected, 0u);
  world.restart();  // and what was dead stays so
  world.advance_ms(3000);
  EXPECT_EQ(world.stats().brokers_unreachable, 0u);
}

TEST_F(LeasesTest, DeadRowsAreSweptInSlices) {
  World small({.sweep_rows = 10});
  Peer& b1 = small.broker("b1", 11);
  for (uint64_t serial = 1; serial <= 105; ++serial) {
    b1.stream(clean_claim("device" + std::to_string(serial), serial));
  }
  small.run();
  small.remove("b1");
  std::vector<size_t> rows;
  small.on_commit = [&](const store::StoreBatch& batch) { rows.push_back(batch.writes.size()); };
  small.advance_ms(13'500);
  EXPECT_EQ(small.stats().connected, 0u);
  EXPECT_GE(rows.size(), 11u);
  for (const size_t count : rows) EXPECT_LE(count, 12u);
}

TEST_F(LeasesTest, OnlySoManyDeadIncarnationsAreRemembered) {
  World small({.dead_brokers = 3});
  for (uint64_t life = 1; life <= 10; ++life) {
    small.broker("b1", life);
    small.remove("b1");
  }
  Follower other(small.add("q1", wire::Role::query, 900));
  other.ask();
  EXPECT_LE(other.brokers.size(), 5u);
  EXPECT_EQ(other.gaps, 0);
}

}  // namespace
}  // namespace muster::global::testing
