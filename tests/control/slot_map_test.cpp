#include "control/slot_map.hpp"

#include <gtest/gtest.h>

namespace muster::control {
namespace {

std::vector<SlotMap::Server> servers(std::initializer_list<const char*> names) {
  std::vector<SlotMap::Server> servers;
  for (const char* name : names) servers.push_back({name, true});
  return servers;
}

size_t total(const SlotMap& map) {
  size_t slots = 0;
  for (const auto& server : map.servers()) slots += map.slots_of(server.name).count();
  return slots;
}

TEST(SlotMap, EachSlotIsOnTwoServersOrAllThereAre) {
  EXPECT_EQ(total(SlotMap{}), 0u);
  EXPECT_EQ(total(SlotMap(servers({"q1"}), 2)), slot_count);
  const SlotMap two(servers({"q1", "q2"}), 2);
  EXPECT_TRUE(two.slots_of("q1").all());
  EXPECT_TRUE(two.slots_of("q2").all());
  const SlotMap five(servers({"q1", "q2", "q3", "q4", "q5"}), 2);
  EXPECT_EQ(total(five), 2u * slot_count);
  for (const auto& server : five.servers()) {  // 409 each, give or take
    EXPECT_GT(five.slots_of(server.name).count(), 340u);
    EXPECT_LT(five.slots_of(server.name).count(), 480u);
  }
}

TEST(SlotMap, AServerThatComesOrGoesMovesOnlyItsOwn) {
  const SlotMap before(servers({"q1", "q2", "q3", "q4"}), 2);
  const SlotMap after(servers({"q1", "q2", "q4"}), 2);
  for (const char* name : {"q1", "q2", "q4"}) {
    const SlotSet lost = before.slots_of(name) & ~after.slots_of(name);
    EXPECT_TRUE(lost.none()) << "what stays keeps its slots";
    const SlotSet gained = after.slots_of(name) & ~before.slots_of(name);
    EXPECT_TRUE((gained & ~before.slots_of("q3")).none()) << "and gains only what q3 had";
  }
}

TEST(SlotMap, WhoIsBehindKeepsItsSlotsAndIsAskedLast) {
  auto list = servers({"q1", "q2", "q3"});
  const SlotMap well(list, 2);
  list[0].in_pool = false;
  const SlotMap behind(list, 2);
  wire::Directory directory;
  behind.fill(directory);
  ASSERT_EQ(directory.holders.size(), 2u * slot_count);
  for (size_t slot = 0; slot < slot_count; ++slot) {
    EXPECT_EQ(well.slots_of("q1").test(slot), behind.slots_of("q1").test(slot));
    EXPECT_NE(directory.names[directory.holders[slot * 2]], "q1");
  }
}

TEST(SlotMap, OneServerLeavesTheSecondPlaceEmpty) {
  wire::Directory directory;
  SlotMap(servers({"q1"}), 2).fill(directory);
  EXPECT_EQ(directory.names, (std::vector<std::string>{"q1"}));
  EXPECT_EQ(directory.holders[0], 0);
  EXPECT_EQ(directory.holders[1], 255);
}

}  // namespace
}  // namespace muster::control
