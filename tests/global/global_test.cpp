// Global as a whole: what leaves when, one batch at a time.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

TEST(GlobalTest, TakesNothingBeforeItIsStored) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  const Term term = attach(b1, "device", 1, {"a/#"});
  ASSERT_NE(term, Term::none);
  world.hold_commits = true;
  const uint64_t number = b1.stream(wire::Publish{publication("a/b", "one")});
  world.run();
  EXPECT_LT(b1.acknowledged, number);
  EXPECT_TRUE(b1.take_all<wire::Deliver>().empty());
  ASSERT_TRUE(world.commit());
  world.run();
  EXPECT_EQ(b1.acknowledged, number);
  EXPECT_EQ(payloads(b1.take_all<wire::Deliver>()), std::vector<std::string>{"one"});
}

TEST(GlobalTest, OneBatchIsInFlightAndTheNextAccumulates) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  attach(b1, "device", 1, {"a"});
  world.hold_commits = true;
  uint64_t number = 0;
  for (int i = 0; i < 100; ++i) {
    number = b1.stream(wire::Publish{publication("a", std::to_string(i))});
    world.run();
  }
  const uint64_t before = world.commits;
  while (world.commit()) world.run();
  EXPECT_EQ(world.commits - before, 2u);
  EXPECT_EQ(b1.acknowledged, number);
  EXPECT_EQ(payloads(b1.take_all<wire::Deliver>()).size(), 100u);
}

TEST(GlobalTest, AnAcknowledgedStreamIsNotTakenTwiceAfterARestart) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  attach(b1, "device", 1, {"a"});
  b1.stream(wire::Publish{publication("a", "stored")});
  world.run();
  world.hold_commits = true;
  b1.stream(wire::Publish{publication("a", "not stored")});
  world.run();
  world.hold_commits = false;
  world.restart();
  world.advance_ms(3000);  // the link comes back, the rest of the stream comes again
  EXPECT_EQ(world.stats().published, 1u);
  EXPECT_EQ(world.stats().inbox_entries, 2u);
}

TEST(GlobalTest, StopsWhenEverythingIsStored) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  world.hold_commits = true;
  b1.stream(clean_claim("device", 1));
  world.run();
  world.global->stop(world.now());
  EXPECT_FALSE(world.global->stopped());
  while (world.commit()) world.run();
  EXPECT_TRUE(world.global->stopped());
}

}  // namespace
}  // namespace muster::global::testing
