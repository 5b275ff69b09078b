// What a publication asked to survive, and what it does survive.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::Durability;

class DurabilityTest : public ::testing::Test {
 protected:
  DurabilityTest() {
    world.broker("b1", 11);
    term = attach(world.peer("b1"), "device", 1, {"#"});
    world.peer("b1").stream(gone("device", 1));
    world.run();
  }
  void publish(const std::string& topic, Durability durability, uint64_t retained = 0) {
    wire::Publish message{publication(topic, topic)};
    message.publication.durability = durability;
    message.publication.retain = retained != 0;
    message.retained = retained;
    world.peer("b1").stream(std::move(message));
    world.run();
  }
  // What the device finds when it comes back.
  std::vector<std::string> kept() {
    attach(world.peer("b1"), "device", 2);
    return payloads(world.peer("b1").take_all<wire::Deliver>());
  }

  World world;
  Term term = Term::none;
};

TEST_F(DurabilityTest, WhatLivesInMemoryDiesWithTheProcess) {
  publish("memory", Durability::memory);
  publish("process", Durability::process);
  publish("standard", Durability::standard);
  EXPECT_EQ(world.stats().inbox_entries, 3u);
  world.restart();
  EXPECT_EQ(kept(), (std::vector<std::string>{"process", "standard"}));
}

TEST_F(DurabilityTest, WhatLivesInMemoryIsDeliveredAllTheSame) {
  publish("memory", Durability::memory);
  const size_t records = world.store.size();
  term = attach(world.peer("b1"), "device", 2);
  EXPECT_EQ(payloads(world.peer("b1").take_all<wire::Deliver>()),
            std::vector<std::string>{"memory"});
  world.peer("b1").stream(wire::InboxAck{"device", term, {1}});
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_EQ(world.store.size(), records);
}

TEST_F(DurabilityTest, ItsNumberIsNotUsedAgain) {
  publish("memory", Durability::memory);
  world.restart();
  publish("process", Durability::process);
  attach(world.peer("b1"), "device", 2);
  EXPECT_EQ(numbers(world.peer("b1").take_all<wire::Deliver>()), std::vector<uint64_t>{2});
}

TEST_F(DurabilityTest, OnlyPowerIsSynced) {
  std::vector<bool> synced;
  world.on_commit = [&](const store::StoreBatch& batch) { synced.push_back(batch.sync); };
  publish("process", Durability::process);
  publish("power", Durability::power);
  publish("process", Durability::process);
  EXPECT_EQ(synced, (std::vector<bool>{false, true, false}));
  world.crash_power();
  EXPECT_EQ(world.stats().inbox_entries, 2u);  // what was written before it is on disk too
}

TEST_F(DurabilityTest, ARetainedMessageInMemoryReplacesTheStoredOne) {
  publish("topic", Durability::process, 1);
  EXPECT_EQ(world.stats().retained, 1u);
  publish("topic", Durability::memory, 2);
  EXPECT_EQ(world.stats().retained, 1u);
  world.restart();
  EXPECT_EQ(world.stats().retained, 0u);
}

}  // namespace
}  // namespace muster::global::testing
