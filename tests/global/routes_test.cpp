// Global's routes, and when a SUBSCRIBE of a persistent session is done.

#include <gtest/gtest.h>

#include <set>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    world.broker("b1", 11);
    world.broker("b2", 22);
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  // What the peer knows of global's routes.
  const std::set<std::string>& known(Peer& peer) {
    world.run();
    std::set<std::string>& filters = routes[&peer];
    for (const auto& message : peer.take_all<wire::Routes>()) {
      if (message.snapshot) filters.clear();
      EXPECT_TRUE(message.snapshot || message.number == last[&peer] + 1);
      last[&peer] = message.number;
      for (const auto& filter : message.added) filters.insert(filter);
      for (const auto& filter : message.removed) filters.erase(filter);
    }
    return filters;
  }
  void subscribe(Peer& peer, const std::string& client_id, Term term, const std::string& filter,
                 uint8_t qos = 1) {
    wire::Subscription subscription;
    subscription.filter = filter;
    subscription.qos = qos;
    peer.stream(wire::SubscribeSession{client_id, term, 1, {subscription}});
    world.run();
  }
  using Filters = std::set<std::string>;

  World world;
  std::map<Peer*, std::set<std::string>> routes;
  std::map<Peer*, uint64_t> last;
};

TEST_F(RoutesTest, AreAnnouncedToEveryBroker) {
  EXPECT_EQ(known(b1()), Filters{});
  const Term one = attach(b1(), "one", 1, {"a", "b/#"});
  const Term two = attach(b2(), "two", 1, {"a"});
  EXPECT_EQ(known(b1()), (Filters{"a", "b/#"}));
  EXPECT_EQ(known(b2()), (Filters{"a", "b/#"}));
  b1().stream(wire::UnsubscribeSession{"one", one, 2, {"a", "b/#"}});
  EXPECT_EQ(known(b2()), (Filters{"a"}));  // the other still has it
  Peer& b3 = world.broker("b3", 33);
  EXPECT_EQ(known(b3), (Filters{"a"}));
  b2().stream(wire::UnsubscribeSession{"two", two, 2, {"a"}});
  EXPECT_EQ(known(b3), Filters{});
  EXPECT_EQ(known(b1()), Filters{});
}

TEST_F(RoutesTest, OnlyFiltersWithQosAreRoutes) {
  const Term one = attach(b1(), "one", 1);
  subscribe(b1(), "one", one, "a", 0);
  EXPECT_EQ(known(b1()), Filters{});
  subscribe(b1(), "one", one, "a", 1);
  EXPECT_EQ(known(b1()), Filters{"a"});
  subscribe(b1(), "one", one, "a", 0);
  EXPECT_EQ(known(b1()), Filters{});
}

TEST_F(RoutesTest, SubscribeIsDoneWhenEveryBrokerHasTakenTheRoute) {
  const Term term = attach(b1(), "device", 1);
  b2().answers_routes = false;
  subscribe(b1(), "device", term, "a");
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  b2().stream(wire::RoutesTaken{b2().take_all<wire::Routes>().back().number});
  world.run();
  EXPECT_TRUE(b1().take<wire::SubscribeDone>());
}

TEST_F(RoutesTest, AFilterThatIsOnItsWayIsWaitedForByTheNextSubscriberToo) {
  const Term one = attach(b1(), "one", 1);
  const Term two = attach(b1(), "two", 2);
  b2().answers_routes = false;
  subscribe(b1(), "one", one, "a");
  subscribe(b1(), "two", two, "a");
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  b2().stream(wire::RoutesTaken{b2().take_all<wire::Routes>().back().number});
  world.run();
  EXPECT_EQ(b1().take_all<wire::SubscribeDone>().size(), 2u);
}

TEST_F(RoutesTest, OrWhenTheLeaseOfABrokerHasEnded) {
  const Term term = attach(b1(), "device", 1);
  b2().cut = true;
  subscribe(b1(), "device", term, "a");
  world.advance_ms(2500);
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  world.advance_ms(1000);
  EXPECT_TRUE(b1().take<wire::SubscribeDone>());
}

TEST_F(RoutesTest, SubscribeIsDoneOnlyWhenItIsStored) {
  const Term term = attach(b1(), "device", 1);
  known(b2());
  world.hold_commits = true;
  subscribe(b1(), "device", term, "a");
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  EXPECT_EQ(known(b2()), Filters{});
  while (world.commit()) world.run();
  EXPECT_TRUE(b1().take<wire::SubscribeDone>());
  EXPECT_EQ(known(b2()), Filters{"a"});
}

TEST_F(RoutesTest, ARouteGoesOnlyWhenItsEndIsStored) {
  const Term term = attach(b1(), "device", 1, {"a"});
  EXPECT_EQ(known(b2()), Filters{"a"});
  world.hold_commits = true;
  b1().stream(wire::UnsubscribeSession{"device", term, 2, {"a"}});
  EXPECT_EQ(known(b2()), Filters{"a"});
  while (world.commit()) world.run();
  EXPECT_EQ(known(b2()), Filters{});
}

TEST_F(RoutesTest, ARouteThatGoesAndComesInOneTurnStays) {
  const Term term = attach(b1(), "device", 1, {"a"});
  known(b2());
  wire::Subscription subscription;
  subscription.filter = "a";
  subscription.qos = 1;
  b1().stream(wire::UnsubscribeSession{"device", term, 2, {"a"}});
  b1().stream(wire::SubscribeSession{"device", term, 3, {subscription}});
  b1().stream(wire::SubscribeSession{"device", term, 4, {{.filter = "b", .qos = 1}}});
  b1().stream(wire::UnsubscribeSession{"device", term, 5, {"b"}});
  EXPECT_EQ(known(b2()), Filters{"a"});
  EXPECT_EQ(b1().take_all<wire::SubscribeDone>().size(), 4u);
}

TEST_F(RoutesTest, AfterARestartOldAnswersCountForNothing) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b2().answers_routes = false;
  subscribe(b1(), "device", term, "b");
  const uint64_t old_number = b2().take_all<wire::Routes>().back().number;
  b2().cut = true;
  b2().stream(wire::RoutesTaken{old_number});
  world.restart();
  world.advance_ms(1500);
  EXPECT_EQ(known(b1()), (Filters{"a", "b"}));
  wire::Claim again = persistent_claim("device", 1);
  again.term = term;
  b1().stream(again);
  subscribe(b1(), "device", term, "c");
  b2().cut = false;
  world.advance_ms(800);
  ASSERT_TRUE(b2().up);
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  b2().stream(wire::RoutesTaken{b2().take_all<wire::Routes>().back().number});
  world.run();
  EXPECT_TRUE(b1().take<wire::SubscribeDone>());
}

TEST_F(RoutesTest, ALongBacklogBecomesASnapshot) {
  const Term term = attach(b1(), "device", 1);
  known(b2());
  b2().cut = true;
  b2().renews_lease = false;
  for (int i = 0; i < 400; ++i) {
    subscribe(b1(), "device", term, std::to_string(i) + std::string(60'000, 'x'));
  }
  EXPECT_EQ(known(b1()).size(), 400u);
  b2().cut = false;
  world.advance_ms(4000);
  std::set<std::string>& filters = routes[&b2()];
  bool snapshot = false;
  for (const auto& message : b2().take_all<wire::Routes>()) {
    snapshot |= message.snapshot;
    if (message.snapshot) filters.clear();
    for (const auto& filter : message.added) filters.insert(filter);
  }
  EXPECT_TRUE(snapshot);
  EXPECT_EQ(filters.size(), 400u);
}

}  // namespace
}  // namespace muster::global::testing
