// Replicas: snapshots, deltas, resumption, heartbeats.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

class ReplicasTest : public ::testing::Test {
 protected:
  explicit ReplicasTest(Options options = {})
      : world(options), follower(world.add("q1", wire::Role::query, 900)) {
    world.broker("b1", 11);
  }
  Peer& b1() { return world.peer("b1"); }
  void claim(uint64_t from, uint64_t to) {
    for (uint64_t serial = from; serial <= to; ++serial) {
      b1().stream(clean_claim("device" + std::to_string(serial), serial));
    }
    world.run();
  }

  World world;
  Follower follower;
};

TEST_F(ReplicasTest, ASnapshotAndThenDeltas) {
  claim(1, 20);
  b1().stream(wire::SetInfo{"user", {{"a", "b"}}});
  world.run();
  follower.ask();
  EXPECT_TRUE(follower.valid);
  EXPECT_EQ(follower.devices.size(), 20u);
  EXPECT_EQ(follower.brokers.size(), 1u);
  EXPECT_EQ(follower.users.size(), 1u);
  claim(21, 30);
  follower.read();
  EXPECT_EQ(follower.devices.size(), 30u);
  EXPECT_EQ(follower.snapshots, 1);
  EXPECT_EQ(follower.gaps, 0);
  world.advance_ms(600);  // a heartbeat says that nothing is missing
  follower.read();
  EXPECT_EQ(follower.gaps, 0);
}

TEST_F(ReplicasTest, NothingIsSaidThatIsNotStored) {
  follower.ask();
  world.hold_commits = true;
  claim(1, 1);
  follower.read();
  EXPECT_TRUE(follower.devices.empty());
  Follower other(world.add("q2", wire::Role::query, 901));
  other.ask();
  EXPECT_FALSE(other.valid);  // without the row that changes just now it would not be whole
  EXPECT_TRUE(other.devices.empty());
  ASSERT_TRUE(world.commit());
  world.run();
  other.read();
  EXPECT_TRUE(other.valid);
  EXPECT_EQ(other.devices.size(), 1u);
  EXPECT_EQ(other.gaps, 0);
}

TEST_F(ReplicasTest, OfSomeSlotsGetTheseAndAllBrokersAndUsers) {
  b1().stream(wire::SetInfo{"user", {{"a", "b"}}});
  claim(1, 100);
  const auto slot = static_cast<uint16_t>(slot_of("device7"));
  follower.ask({slot});
  claim(101, 120);
  follower.read();
  EXPECT_TRUE(follower.devices.contains("device7"));
  for (const auto& [name, row] : follower.devices) {
    EXPECT_EQ(static_cast<uint16_t>(slot_of(name)), slot);
  }
  EXPECT_EQ(follower.users.size(), 1u);
  EXPECT_EQ(follower.brokers.size(), 1u);
  world.advance_ms(600);
  follower.read();
  EXPECT_EQ(follower.gaps, 0);
}

TEST_F(ReplicasTest, ResumesFromTheRing) {
  follower.ask();
  claim(1, 5);
  follower.read();
  world.peer("q1").cut = true;
  world.advance_ms(3000);
  claim(6, 10);
  world.peer("q1").cut = false;
  world.advance_ms(3000);
  world.peer("q1").received.clear();  // lost on the way
  follower.ask();
  EXPECT_EQ(follower.resumes, 1);
  EXPECT_EQ(follower.snapshots, 1);
  EXPECT_EQ(follower.devices.size(), 10u);
  EXPECT_EQ(follower.gaps, 0);
}

TEST_F(ReplicasTest, ResumesAcrossARestartIfItMissedNothing) {
  follower.ask();
  claim(1, 5);
  follower.read();
  world.restart();
  world.advance_ms(3000);
  follower.ask();
  EXPECT_EQ(follower.resumes, 1);
  EXPECT_EQ(follower.snapshots, 1);
  EXPECT_EQ(follower.gaps, 0);
  EXPECT_EQ(follower.brokers.at(Incarnation{11}).state, wire::BrokerState::alive);
}

TEST_F(ReplicasTest, GetsASnapshotWhenItHasWhatWasLost) {
  follower.ask();
  claim(1, 5);
  follower.read();
  EXPECT_EQ(follower.devices.size(), 5u);
  world.remove("b1");
  world.crash_power();
  world.advance_ms(3000);
  follower.ask();
  EXPECT_EQ(follower.resumes, 0);
  EXPECT_EQ(follower.snapshots, 2);
  EXPECT_EQ(follower.devices.size(), 0u);
}

TEST_F(ReplicasTest, ARepeatedAskIsAnsweredOnce) {
  claim(1, 5);
  Peer& q1 = world.peer("q1");
  for (int i = 0; i < 3; ++i) q1.talk(wire::ReplicaAsk{5, {}, {}});
  world.run();
  q1.talk(wire::ReplicaAsk{5, {}, {}});
  world.run();
  EXPECT_EQ(world.stats().snapshots, 1u);
  world.advance_ms(1500);  // it seems that the answer was lost
  q1.talk(wire::ReplicaAsk{5, {}, {}});
  world.run();
  EXPECT_EQ(world.stats().snapshots, 2u);
}

class PagedTest : public ReplicasTest {
 protected:
  PagedTest() : ReplicasTest({.ring_entries = 50, .page_rows = 10}) {}
};

TEST_F(PagedTest, RowsThatChangeMeanwhileComeAgainAtTheEnd) {
  claim(1, 95);
  Peer& q1 = world.peer("q1");
  q1.talk(wire::ReplicaAsk{1, {}, {}});
  // By hand, slice by slice, with changes in between.
  wire::Links& links = q1.links;
  uint64_t serial = 100;
  int pages = 0;
  for (int turn = 0; turn < 40; ++turn) {
    links.finish_turn(world.now());
    for (wire::OutFrame& frame : links.take_effects().frames) {
      world.global->receive(world.now(), {"q1", frame.channel, std::move(frame.bytes)});
    }
    if (world.global->has_work()) {
      world.global->tick(world.now());
      ++pages;
    }
    b1().stream(clean_claim("device" + std::to_string(turn + 1), ++serial));
    b1().links.finish_turn(world.now());
    for (wire::OutFrame& frame : b1().links.take_effects().frames) {
      world.global->receive(world.now(), {"b1", frame.channel, std::move(frame.bytes)});
    }
    world.global->finish_turn(world.now());
    if (auto batch = world.global->take_batch()) {
      ASSERT_TRUE(world.store.commit(*batch, batch->sync));
      world.global->stored(world.now(), batch->number);
      world.global->finish_turn(world.now());
    }
    for (wire::OutFrame& frame : world.global->take_effects().frames) {
      wire::Links& to = frame.to == "q1" ? links : b1().links;
      to.receive(world.now(), {"global", frame.channel, std::move(frame.bytes)});
    }
    while (wire::LinkEvent* event = links.next_event()) {
      if (auto* e = std::get_if<wire::Received>(event)) q1.received.push_back(e->message);
    }
  }
  EXPECT_GT(pages, 9);
  follower.read();
  EXPECT_TRUE(follower.valid);
  EXPECT_EQ(follower.gaps, 0);
  EXPECT_EQ(follower.devices.size(), 95u);
  for (int turn = 0; turn < 40; ++turn) {
    const auto& row = follower.devices.at("device" + std::to_string(turn + 1));
    EXPECT_EQ(row.serial, Serial{101 + static_cast<uint64_t>(turn)});
  }
}

TEST_F(PagedTest, BeyondTheRingASnapshotIsNeeded) {
  follower.ask();
  claim(1, 10);
  follower.read();
  const Position at = follower.at;
  claim(11, 100);
  world.peer("q1").received.clear();
  follower.ask_from(at);
  EXPECT_EQ(follower.resumes, 0);
  EXPECT_EQ(follower.snapshots, 2);
  EXPECT_EQ(follower.devices.size(), 100u);
  EXPECT_EQ(follower.gaps, 0);
}

}  // namespace
}  // namespace muster::global::testing
