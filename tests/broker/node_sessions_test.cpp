#include <gtest/gtest.h>

#include <algorithm>
#include "tests/broker/node_world.hpp"

namespace muster::broker::node_testing {
namespace {

wire::Claim claim_of(const std::string& client) {
  wire::Claim claim;
  claim.client_id = client;
  claim.serial = static_cast<Serial>(1);
  return claim;
}

wire::Gone gone(const std::string& client) {
  wire::Gone end;
  end.client_id = client;
  end.serial = static_cast<Serial>(1);
  return end;
}

struct NodeSessionsTest : testing::Test {
  World world;
  TestBroker* a = &world.broker("a", 3);
  TestPeer* global = nullptr;

  void start_global() {
    global = &world.peer("global", wire::Role::global);
    global->scripts.push_back([this](const wire::LinkEvent& event) {
      const auto* up = std::get_if<wire::PeerUp>(&event);
      if (up == nullptr || up->peer.role != wire::Role::broker) return;
      global->stream(up->peer.name, wire::Routes{1, true, {}, {}});
    });
  }
  // The kinds of what global got on the stream.
  std::string story() const {
    std::string text;
    for (const wire::Received& event : global->received) {
      if (std::holds_alternative<wire::ClaimsBegin>(event.message)) text += '(';
      if (std::holds_alternative<wire::ClaimsEnd>(event.message)) text += ')';
      if (const auto* claim = std::get_if<wire::Claim>(&event.message)) text += claim->client_id;
      if (const auto* gone = std::get_if<wire::Gone>(&event.message)) text += '-' + gone->client_id;
      if (const auto* info = std::get_if<wire::SetInfo>(&event.message)) text += '@' + info->user;
    }
    return text;
  }
};

TEST_F(NodeSessionsTest, LiveConnectionsAreListedAfterEachHello) {
  a->claims = {claim_of("x"), claim_of("y")};
  a->send(0, ForGlobal{claim_of("x")});  // global was never there: the list brings it
  EXPECT_FALSE(a->node().serving());
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  EXPECT_EQ(story(), "(xy)");
  a->send(1, ForGlobal{claim_of("z")});
  a->send(1, ForGlobal{gone("z")});
  world.run(100ms);
  EXPECT_EQ(story(), "(xy)z-z");

  world.cut("a", "global");
  world.run(3s);
  a->send(1, ForGlobal{claim_of("lost")});  // down: the next list says it if it still lives
  a->send(1, ForGlobal{gone("y")});
  a->claims = {claim_of("x")};
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return story() == "(xy)z-z-y(x)"; })) << story();
}

TEST_F(NodeSessionsTest, AListThatBreaksOffIsNotEnded) {
  a->claims = {claim_of("x")};
  a->list_claims = false;
  start_global();
  ASSERT_TRUE(world.run_until([&] { return story() == "("; }));
  world.cut("a", "global");
  world.run(3s);
  const uint64_t round = a->last<ListClaims>(0)->round;
  a->send(0, ForGlobal{claim_of("x")});  // cannot be streamed now
  for (uint16_t shard = 0; shard < 3; ++shard) a->send(shard, ClaimsListed{round});
  a->list_claims = true;
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  EXPECT_EQ(story(), "((x)");
}

TEST_F(NodeSessionsTest, AttributesWaitForGlobalAndAreTakenOnce) {
  a->send(2, ForGlobal{wire::SetInfo{"u", {{"k", "v"}}}, 9});
  a->send(2, ForGlobal{gone("z")});
  world.run(100ms);
  EXPECT_TRUE(a->taken(2).empty());
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->taken(2).size() == 1; }));
  ASSERT_TRUE(world.run_until([&] { return story() == "@u()"; })) << story();
}

TEST_F(NodeSessionsTest, AnswersGoToTheClientsHome) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  for (int i = 0; i < 20; ++i) {
    wire::Grant grant;
    grant.client_id = "client-" + std::to_string(i);
    global->stream("a", grant);
  }
  world.run(100ms);
  size_t found = 0;
  for (uint16_t shard = 0; shard < 3; ++shard) {
    for (const FromGlobal& letter : a->all<FromGlobal>(shard)) {
      const auto& grant = std::get<wire::Grant>(letter.message);
      EXPECT_EQ(static_cast<uint16_t>(home_of(grant.client_id, 3)), shard);
      ++found;
    }
  }
  EXPECT_EQ(found, 20u);
}

TEST_F(NodeSessionsTest, ARestartedGlobalGetsTheListAndWhatItHadNotStored) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  a->claims = {claim_of("x")};
  global->store = false;
  a->publish(0, "t", 1, 5);
  world.run(100ms);
  ASSERT_EQ(global->all<wire::Publish>().size(), 1u);
  world.crash("global");
  world.run(3s);
  a->publish(0, "t", 1, 6);
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  EXPECT_EQ(a->taken(0), (std::vector<uint64_t>{5, 6}));
  ASSERT_TRUE(world.run_until([&] { return story() == "(x)"; }));
}

TEST_F(NodeSessionsTest, TheLeaseCountsFromWhenItWasAskedFor) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return !global->all<wire::LeaseRequest>().empty(); }));
  const Instant asked = world.now().mono;  // it was sent a millisecond ago
  world.run(300ms);
  EXPECT_EQ(a->last<Lease>(0), nullptr);
  global->talk("a", wire::LeaseGrant{global->all<wire::LeaseRequest>()[0].request, Term{1}});
  ASSERT_TRUE(world.run_until([&] { return a->last<Lease>(2) != nullptr; }));
  EXPECT_EQ(a->last<Lease>(2)->until, asked - 1ms + 2s);
  world.run(2s);
  EXPECT_GE(global->all<wire::LeaseRequest>().size(), 3u);
}

TEST_F(NodeSessionsTest, ALeaseThatHadRunOutIsGoodOnceGlobalHasHadAllClaims) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return !global->all<wire::LeaseRequest>().empty(); }));
  global->talk("a", wire::LeaseGrant{1, Term{1}});
  ASSERT_TRUE(world.run_until([&] { return a->last<Lease>(0) != nullptr; }));
  const Instant first = a->last<Lease>(0)->until;
  world.cut("a", "global");
  world.run(4s);
  global->received.clear();
  global->store = false;
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return !global->all<wire::LeaseRequest>().empty(); }));
  const uint64_t before = global->all<wire::LeaseRequest>().back().request;
  global->talk("a", wire::LeaseGrant{before, Term{1}});
  world.run(100ms);
  EXPECT_EQ(a->last<Lease>(0)->until, first);  // who was evicted meanwhile is not said yet
  global->store = true;
  global->acknowledge_all("a");
  world.run(1s);
  global->talk("a", wire::LeaseGrant{global->all<wire::LeaseRequest>().back().request, Term{1}});
  ASSERT_TRUE(world.run_until([&] { return a->last<Lease>(0)->until > first; }));
}

TEST_F(NodeSessionsTest, ADeposedBrokerSaysEverythingAgainUnderANewIncarnation) {
  start_global();
  TestBroker& b = world.broker("b");
  a->want(0, "x");
  b.want(0, "y");
  ASSERT_TRUE(world.run_until(
      [&] { return a->node().serving() && b.bit_of("x") >= 0 && a->bit_of("y") >= 0; }));
  const uint64_t bit = uint64_t{1} << a->bit_of("y");
  a->claims = {claim_of("x")};
  global->store = false;
  a->publish(0, "inbox", 1, 5);
  world.cut("a", "b");
  a->publish(0, "y", bit, 6);
  world.run(100ms);
  const Incarnation before = global->received.back().incarnation;
  global->received.clear();
  global->store = true;
  global->talk("a", wire::Deposed{});
  global->talk("a", wire::Deposed{});  // said again, to the one that is no more
  world.run(100ms);
  world.heal();
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  EXPECT_EQ(a->node().counters().deposed, 1u);
  EXPECT_EQ(a->node().counters().sent_again, 2u);
  EXPECT_NE(global->received.back().incarnation, before);
  ASSERT_TRUE(world.run_until([&] { return story() == "(x)"; })) << story();
  EXPECT_EQ(b.delivered("y"), 1);
  ASSERT_TRUE(world.run_until([&] { return b.bit_of("x") >= 0 && a->bit_of("y") >= 0; }));
  EXPECT_TRUE(a->all<PeerLost>(0).empty());  // it was not b that ended
  EXPECT_EQ(b.all<PeerLost>(0).size(), 1u);
}

// What global had stored of the stream that is over counts as taken, and is not said twice.
TEST_F(NodeSessionsTest, ADeposedBrokerSaysOnlyWhatGlobalHasNot) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  global->store = false;
  a->publish(0, "stored", 1, 5);
  a->publish(0, "lost", 1, 6);
  world.run(100ms);
  const auto sent = [&](BytesView topic) {
    return std::find_if(global->received.begin(), global->received.end(), [&](const auto& event) {
      const auto* publish = std::get_if<wire::Publish>(&event.message);
      return publish != nullptr && publish->publication.topic == topic;
    });
  };
  ASSERT_NE(sent("lost"), global->received.end());
  const uint64_t stored = sent("stored")->number;
  global->received.clear();
  global->store = true;
  global->talk("a", wire::Deposed{stored});
  ASSERT_TRUE(world.run_until([&] { return a->taken(0).size() == 2; }));
  EXPECT_EQ(sent("stored"), global->received.end());
  EXPECT_NE(sent("lost"), global->received.end());
}

TEST_F(NodeSessionsTest, StopsOnceGlobalHasStoredTheLastWords) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  global->store = false;
  a->send(0, ForGlobal{gone("z")});
  a->node().stop(world.now());
  world.run(100ms);
  EXPECT_FALSE(a->node().stopped());
  global->acknowledge_all("a");
  world.run(100ms);
  EXPECT_TRUE(a->node().stopped());
}

TEST_F(NodeSessionsTest, StopsInTimeThoughGlobalDoesNotAnswer) {
  start_global();
  ASSERT_TRUE(world.run_until([&] { return a->node().serving(); }));
  global->store = false;
  a->send(0, ForGlobal{gone("z")});
  a->node().stop(world.now());
  EXPECT_TRUE(world.run_until([&] { return a->node().stopped(); }, 4s));
}

}  // namespace
}  // namespace muster::broker::node_testing
