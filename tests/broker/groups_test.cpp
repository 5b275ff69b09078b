// Groups of shared subscriptions as one shard knows them, without clients.

#include "broker/groups.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace muster::broker::test {
namespace {

const std::string name = "$share/g/a/+";

Subscriber member(uint32_t client, mqtt::Qos qos = mqtt::Qos::at_least_once,
                  bool persistent = false) {
  Subscriber subscriber;
  subscriber.client = client;
  subscriber.qos = qos;
  subscriber.persistent = persistent;
  return subscriber;
}
uint64_t idle(const Subscriber&) {
  return 0;
}

TEST(Groups, TenThousandMembersAreOneRouteAndOneEntryOfTheTree) {
  Groups groups(0);
  constexpr uint32_t many = 10'000;
  for (uint32_t client = 0; client < many; ++client) {
    EXPECT_TRUE(groups.join(name, member(client), 1));
  }
  EXPECT_EQ(groups.take_resettled(), std::vector<std::string>{"a/+"});
  EXPECT_EQ(groups.take_changes(), (std::vector<wire::GroupRoute>{{name, many, many, 0}}));
  Group& group = *groups.find(name);
  std::set<uint32_t> chosen;
  for (uint32_t i = 0; i < many; ++i) {
    chosen.insert(Groups::pick_member(group, true, idle)->client);
  }
  EXPECT_EQ(chosen.size(), many);  // each in turn
  for (uint32_t client = 1; client < many; ++client) groups.leave(name, client);
  EXPECT_TRUE(groups.take_resettled().empty());
  EXPECT_EQ(groups.take_changes(), (std::vector<wire::GroupRoute>{{name, 1, 1, 0}}));
  groups.leave(name, 0);
  EXPECT_EQ(groups.take_resettled().size(), 1u);
  EXPECT_EQ(groups.find(name), nullptr);
}

TEST(Groups, AChoiceLooksAtFewMembers) {
  Groups groups(0);
  for (uint32_t client = 0; client < 10'000; ++client) groups.join(name, member(client), 1);
  uint32_t asked = 0;
  const auto busy = [&](const Subscriber&) {
    ++asked;
    return uint64_t{7};
  };
  EXPECT_NE(Groups::pick_member(*groups.find(name), true, busy), nullptr);
  EXPECT_EQ(asked, Groups::scanned);
}

TEST(Groups, OwnersAreChosenInProportionAndSpreadEvenly) {
  Groups groups(0);
  groups.join(name, member(1), 1);
  groups.set(2, {name, 2, 2, 0});
  groups.set(peer_target(0), {name, 1, 0, 5});
  Group& group = *groups.find(name);
  std::map<GroupTarget, int> chosen;
  for (int i = 0; i < 400; ++i) {
    ++chosen[*groups.pick_owner(group, true)];
    if (i == 39) {
      EXPECT_NEAR(chosen[2], 20, 2);
    }
  }
  EXPECT_NEAR(chosen[0], 100, 2);
  EXPECT_NEAR(chosen[2], 200, 2);
  EXPECT_NEAR(chosen[peer_target(0)], 100, 2);
  for (int i = 0; i < 100; ++i) EXPECT_NE(groups.pick_owner(group, false), peer_target(0));
  groups.leave(name, 1);
  groups.drop(2);
  groups.set(peer_target(0), {name, 0, 0, 5});
  EXPECT_EQ(groups.pick_owner(group, true), peer_target(0));
  EXPECT_EQ(groups.pick_owner(group, false), std::nullopt);
  groups.drop(peer_target(0));
  EXPECT_EQ(groups.find(name), nullptr);
}

TEST(Groups, PersistentMembersTakeQos0HereAndTheRestAtGlobal) {
  Groups groups(0);
  groups.join(name, member(1, mqtt::Qos::at_least_once, true), 1);
  EXPECT_EQ(groups.take_changes(), (std::vector<wire::GroupRoute>{{name, 0, 1, 0}}));
  Group& group = *groups.find(name);
  EXPECT_EQ(Groups::pick_member(group, true, idle), nullptr);
  EXPECT_EQ(Groups::pick_member(group, false, idle)->client, 1u);
  // The same one with QoS 0: all of it comes here.
  EXPECT_FALSE(groups.join(name, member(1, mqtt::Qos::at_most_once, true), 2));
  EXPECT_EQ(groups.take_changes(), (std::vector<wire::GroupRoute>{{name, 1, 1, 0}}));
  EXPECT_EQ(group.number, 2u);  // only now others know that they may send QoS > 0 here
  EXPECT_EQ(Groups::pick_member(group, true, idle)->client, 1u);
}

}  // namespace
}  // namespace muster::broker::test
