// Clients that came in by doors of different durability: what they publish says so to the Node,
// whichever shard is their home.

#include <gtest/gtest.h>

#include "tests/broker/shard_world.hpp"

namespace muster::broker::test {
namespace {

using mqtt::Qos;
using wire::Durability;

constexpr PeerIndex other_broker = 3;

class ShardDoors : public ::testing::TestWithParam<uint16_t> {
 protected:
  ShardWorld world{GetParam()};

  // In all shards.
  void routes(PeerIndex peer, std::vector<std::string> filters,
              std::vector<wire::GroupRoute> groups = {}) {
    for (uint32_t shard = 0; shard < GetParam(); ++shard) {
      PeerRoutes letter;
      letter.peer = peer;
      letter.number = 1;
      letter.snapshot = true;
      letter.added = filters;
      letter.groups = groups;
      world.letter(shard, letter);
    }
    world.settle();
  }
  // The doors of what the Node got since the last call, by publisher, or by topic if it has none.
  std::map<std::string, Durability> doors() {
    std::map<std::string, Durability> found;
    for (const auto& [shard, publications] : world.published) {
      const auto note = [&](const auto& one) {
        found[std::string(one.publisher.empty() ? one.topic : one.publisher)] = one.door;
      };
      publications.for_each([&](const PublicationView& view) { note(view); },
                            [&](const PublicationRun& run) { note(run); });
    }
    world.published.clear();
    return found;
  }
};

INSTANTIATE_TEST_SUITE_P(Shards, ShardDoors, ::testing::Values(1, 3));

TEST_P(ShardDoors, EachPublisherHasThatOfItsOwn) {
  routes(global_peer, {"kept"});
  std::map<std::string, Durability> expected;
  for (int i = 0; i < 8; ++i) {  // some of them move to another shard
    const std::string id = "p" + std::to_string(i);
    const Durability door = i % 2 == 0 ? Durability::memory : Durability::process;
    expected[id] = door;
    world.send(world.connect(clean(id), door), message("kept", "x", Qos::at_least_once, 1));
  }
  EXPECT_EQ(doors(), expected);
}

TEST_P(ShardDoors, RetainedMessagesToo) {
  mqtt::Publish packet = message("a", "x");
  packet.retain = true;
  world.send(world.connect(clean("one"), Durability::memory), packet);
  world.send(world.connect(clean("two"), Durability::power), packet);
  const std::map<std::string, Durability> expected{{"one", Durability::memory},
                                                   {"two", Durability::power}};
  EXPECT_EQ(doors(), expected);
}

TEST_P(ShardDoors, WhatIsForAGroupOfGlobalOrOfAnotherBrokerToo) {
  routes(global_peer, {}, {{"$share/g/a", 0, 0, 1}});
  routes(other_broker, {}, {{"$share/h/b", 1, 1, 0}});
  Device& publisher = world.connect(clean("p"), Durability::memory);
  world.send(publisher, message("a", "x", Qos::at_least_once, 1));
  world.send(publisher, message("b", "x", Qos::at_least_once, 2));
  const std::map<std::string, Durability> expected{{"a", Durability::memory},
                                                   {"b", Durability::memory}};
  EXPECT_EQ(doors(), expected);
}

TEST_P(ShardDoors, WhoGetsThePlaceOfAnotherHasNotItsDoor) {
  routes(global_peer, {"kept"});
  Device& first = world.connect(clean("p"), Durability::power);
  const auto place = first.client;
  world.drop(first);
  Device& second = world.connect(clean("p"));
  EXPECT_EQ(second.client, place);
  world.send(second, message("kept", "x", Qos::at_least_once, 1));
  EXPECT_EQ(doors().at("p"), Durability::standard);
}

}  // namespace
}  // namespace muster::broker::test
