#include <gtest/gtest.h>

#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

TEST(NodeRoutes, AreBoundAtOnceWithoutOtherBrokers) {
  World world;
  TestBroker& a = world.broker("a", 2);
  a.want(0, "x");
  EXPECT_EQ(a.bound(0), 1u);
  EXPECT_EQ(a.bound(1), 0u);
  a.want(1, "x");
  EXPECT_EQ(a.bound(1), 1u);
}

TEST(NodeRoutes, OfTheFirstAndTheLastShardAreAnnounced) {
  World world;
  TestBroker& a = world.broker("a", 2);
  TestPeer& b = world.peer("b", wire::Role::broker);
  ASSERT_TRUE(world.run_until([&] { return !b.all<wire::Routes>().empty(); }));
  const wire::Routes first = b.all<wire::Routes>()[0];
  EXPECT_TRUE(first.snapshot);
  EXPECT_TRUE(first.added.empty());

  a.want(0, "x");
  a.want(1, "x");
  a.want(1, "y/+");
  ASSERT_TRUE(world.run_until([&] { return b.all<wire::Routes>().size() == 3; }));
  EXPECT_EQ(b.all<wire::Routes>()[1].added, std::vector<std::string>{"x"});
  EXPECT_EQ(b.all<wire::Routes>()[2].added, std::vector<std::string>{"y/+"});
  a.want(0, "x", false);
  a.want(1, "x", false);
  ASSERT_TRUE(world.run_until([&] { return b.all<wire::Routes>().size() == 4; }));
  const wire::Routes last = b.all<wire::Routes>()[3];
  EXPECT_FALSE(last.snapshot);
  EXPECT_TRUE(last.added.empty());
  EXPECT_EQ(last.removed, std::vector<std::string>{"x"});
  EXPECT_GT(last.number, b.all<wire::Routes>()[2].number);
}

TEST(NodeRoutes, BindWhenEveryConnectedBrokerHasTakenThem) {
  World world;
  TestBroker& a = world.broker("a");
  TestBroker& b = world.broker("b", 2);
  TestBroker& c = world.broker("c");
  a.want(0, "x");
  EXPECT_EQ(a.bound(0), 1u);  // nobody is there yet
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("x") >= 0 && c.bit_of("x") >= 0; }));
  b.see_routes = false;
  a.want(0, "y");
  ASSERT_TRUE(world.run_until([&] { return c.bit_of("y") >= 0 && b.bit_of("y") >= 0; }));
  world.run(20ms);
  EXPECT_EQ(a.bound(0), 1u);
  const PeerRoutes* routes = b.last<PeerRoutes>(0);
  b.send(0, PeerRoutesSeen{routes->peer, routes->number});
  world.run(20ms);
  EXPECT_EQ(a.bound(0), 1u);  // one of its two shards
  b.send(1, PeerRoutesSeen{routes->peer, routes->number});
  world.run(20ms);
  EXPECT_EQ(a.bound(0), 2u);
  EXPECT_EQ(a.node().counters().routes_passed_over, 0u);
}

TEST(NodeRoutes, PassOverASlowPeerAndDoNotWaitForOneThatIsDown) {
  World world;
  TestBroker& a = world.broker("a");
  TestBroker& b = world.broker("b");
  a.want(0, "x");
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("x") >= 0; }));
  b.see_routes = false;
  a.want(0, "y");
  world.run(90ms);
  EXPECT_EQ(a.bound(0), 1u);
  world.run(20ms);
  EXPECT_EQ(a.bound(0), 2u);
  EXPECT_EQ(a.node().counters().routes_passed_over, 1u);

  a.want(0, "z");
  EXPECT_EQ(a.bound(0), 2u);
  world.cut("a", "b");
  world.run(3s);
  EXPECT_EQ(a.bound(0), 3u);
  a.want(0, "later");
  EXPECT_EQ(a.bound(0), 4u);
}

TEST(NodeRoutes, MissedWhileDownComeAfterwards) {
  World world;
  TestBroker& a = world.broker("a");
  TestBroker& b = world.broker("b");
  for (const char* filter : {"1", "2", "3", "4"}) a.want(0, filter);
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("4") >= 0; }));
  world.cut("a", "b");
  world.run(3s);
  a.want(0, "x");
  a.want(0, "1", false);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("x") >= 0; }));
  EXPECT_EQ(b.bit_of("1"), -1);
  EXPECT_GE(b.bit_of("2"), 1);
  EXPECT_FALSE(b.last<PeerRoutes>(0)->snapshot);

  world.cut("a", "b");
  world.run(3s);
  for (const char* filter : {"2", "3", "4", "x"}) a.want(0, filter, false);
  a.want(0, "only");
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("only") >= 0; }));
  EXPECT_TRUE(b.last<PeerRoutes>(0)->snapshot);
  EXPECT_EQ(b.bit_of("x"), -1);
}

TEST(NodeRoutes, AReturnedBrokerKeepsItsBitAndLosesItsOldRoutes) {
  World world;
  TestBroker& a = world.broker("a");
  TestBroker* b = &world.broker("b");
  b->want(0, "old");
  ASSERT_TRUE(world.run_until([&] { return a.bit_of("old") >= 0; }));
  const int bit = a.bit_of("old");
  world.crash("b");
  b = &world.broker("b");
  b->want(0, "new");
  ASSERT_TRUE(world.run_until([&] { return a.bit_of("new") >= 0; }));
  EXPECT_EQ(a.bit_of("new"), bit);
  EXPECT_EQ(a.bit_of("old"), -1);
  EXPECT_EQ(a.all<PeerLost>(0).size(), 1u);
}

TEST(NodeRoutes, ABitIsFreeOnceTheBrokerIsGoneForGood) {
  World world;
  TestBroker& a = world.broker("a");
  world.broker("b").want(0, "b");
  ASSERT_TRUE(world.run_until([&] { return a.bit_of("b") >= 0; }));
  const int bit = a.bit_of("b");
  world.crash("b");
  world.run(5s);
  world.unlist("b");
  world.publish_directory();
  world.run(10s);
  EXPECT_EQ(a.all<PeerLost>(0).size(), 1u);
  world.broker("c").want(0, "c");
  ASSERT_TRUE(world.run_until([&] { return a.bit_of("c") >= 0; }));
  EXPECT_EQ(a.bit_of("c"), bit);
}

TEST(NodeRoutes, GlobalIsKnownOnceAllShardsHaveSeenItsSnapshot) {
  World world;
  TestBroker& a = world.broker("a", 2);
  TestPeer& global = world.peer("global", wire::Role::global);
  ASSERT_TRUE(world.run_until([&] { return global.up("a"); }));
  EXPECT_EQ(a.last<GlobalKnown>(0), nullptr);
  a.see_routes = false;
  global.stream("a", wire::Routes{1, true, {"inbox/#"}, {}});
  ASSERT_TRUE(world.run_until([&] { return a.bit_of("inbox/#") == global_peer; }));
  a.send(0, PeerRoutesSeen{0, 1});
  EXPECT_EQ(a.last<GlobalKnown>(0), nullptr);
  a.send(1, PeerRoutesSeen{0, 1});
  ASSERT_NE(a.last<GlobalKnown>(1), nullptr);
  EXPECT_TRUE(a.last<GlobalKnown>(1)->known);
  ASSERT_TRUE(world.run_until([&] { return !global.all<wire::RoutesTaken>().empty(); }));
  EXPECT_EQ(global.all<wire::RoutesTaken>()[0].number, 1u);
}

}  // namespace
}  // namespace muster::broker::node_testing
