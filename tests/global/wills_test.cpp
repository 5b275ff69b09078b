// Wills: each registered one is published exactly once or not at all.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/incarnation.hpp"
#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;

class WillsTest : public ::testing::Test {
 protected:
  WillsTest() {
    world.broker("b1", 11);
    world.broker("b2", 22);
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  void connect(Peer& peer, const std::string& client_id, uint64_t serial, wire::Will will) {
    wire::Claim claim = clean_claim(client_id, serial);
    claim.will = std::move(will);
    peer.stream(claim);
    world.run();
  }
  Term connect_persistent(Peer& peer, const std::string& client_id, uint64_t serial,
                          std::optional<wire::Will> will, bool clean_start = false) {
    wire::Claim claim = persistent_claim(client_id, serial);
    claim.will = std::move(will);
    claim.clean_start = clean_start;
    peer.stream(claim);
    world.run();
    const auto grant = peer.take<wire::Grant>();
    return grant ? grant->term : Term::none;
  }
  // Wills that this broker has got, as a broker looks at them: each number once.
  std::vector<std::string> wills(Peer& peer) {
    world.run();
    std::vector<std::string> topics;
    for (const auto& publish : peer.take_all<wire::Publish>()) {
      if (publish.way != wire::ShareWay::none) continue;  // for groups
      EXPECT_NE(publish.will, 0u);
      if (!seen[&peer].insert(publish.will).second) continue;
      topics.emplace_back(publish.publication.topic);
    }
    return topics;
  }
  using Topics = std::vector<std::string>;

  World world;
  std::map<Peer*, std::set<uint64_t>> seen;
};

TEST_F(WillsTest, IsPublishedToAllBrokersWhenItsConnectionIsLost) {
  connect(b1(), "device", 1, will("w"));
  EXPECT_EQ(world.stats().wills, 1u);
  b1().stream(gone("device", 1, GoneReason::connection_lost));
  EXPECT_EQ(wills(b1()), Topics{"w"});
  EXPECT_EQ(wills(b2()), Topics{"w"});
  EXPECT_EQ(world.stats().wills, 0u);
  EXPECT_EQ(world.stats().publications, 0u);  // all have taken it
  b1().stream(gone("device", 1, GoneReason::connection_lost));
  EXPECT_TRUE(wills(b1()).empty());
}

TEST_F(WillsTest, IsRemovedByAGoodbyeAndPublishedByOneWithWill) {
  connect(b1(), "polite", 1, will("polite"));
  connect(b1(), "other", 2, will("other"));
  b1().stream(gone("polite", 1, GoneReason::disconnected));
  b1().stream(gone("other", 2, GoneReason::disconnected_with_will));
  EXPECT_EQ(wills(b2()), Topics{"other"});
  EXPECT_EQ(world.stats().wills, 0u);
}

TEST_F(WillsTest, GoesToInboxesToo) {
  attach(b2(), "watcher", 1, {"w"});
  connect(b1(), "device", 1, will("w", 0, 1));
  b1().stream(gone("device", 1, GoneReason::keep_alive_timeout));
  world.run();
  EXPECT_EQ(payloads(b2().take_all<wire::Deliver>()), Topics{"will of w"});
}

TEST_F(WillsTest, IsStoredWithTheClaim) {
  size_t batches_with_will = 0;
  world.on_commit = [&](const store::StoreBatch& batch) {
    bool device = false, will = false;
    for (const auto& write : batch.writes) {
      if (write.deletes) continue;
      device |= batch.key(write)[2] == 'd';
      will |= batch.key(write)[2] == 'w';
    }
    EXPECT_EQ(device, will);
    batches_with_will += will;
  };
  connect(b1(), "device", 1, will("w"));
  EXPECT_EQ(batches_with_will, 1u);
}

TEST_F(WillsTest, OfABrokerThatDiedIsPublishedWhenTheRowTurnsOffline) {
  connect(b1(), "device", 1, will("w"));
  connect(b1(), "moved", 2, will("of the first connection"));
  world.advance_ms(10);
  connect(b2(), "moved", 1, will("of the second connection"));
  b1().cut = true;
  world.advance_ms(12'500);
  EXPECT_TRUE(wills(b2()).empty());
  world.advance_ms(1000);
  Topics topics = wills(b2());
  std::sort(topics.begin(), topics.end());
  EXPECT_EQ(topics, (Topics{"of the first connection", "w"}));
  EXPECT_EQ(world.stats().wills, 1u);
  EXPECT_EQ(world.stats().publications, 0u);
}

TEST_F(WillsTest, OfAConnectionThatWasTakenOverWaitsForItsGoodbye) {
  connect(b1(), "device", 1, will("w"));
  world.advance_ms(10);
  connect(b2(), "device", 1, will("second"));
  EXPECT_TRUE(wills(b2()).empty());
  // It had said goodbye before: the claim was only faster.
  b1().stream(gone("device", 1, GoneReason::disconnected));
  EXPECT_TRUE(wills(b2()).empty());
  EXPECT_EQ(world.stats().wills, 1u);
}

TEST_F(WillsTest, OfATakenOverConnectionIsPublished) {
  connect(b1(), "device", 1, will("w"));
  world.advance_ms(10);
  connect(b2(), "device", 1, will("second"));
  b1().stream(gone("device", 1, GoneReason::taken_over));
  EXPECT_EQ(wills(b2()), Topics{"w"});
}

TEST_F(WillsTest, OfAConnectionWhoseClaimWasOvertakenIsPublishedOnce) {
  wire::Claim older = clean_claim("device", 1);
  older.connected_us = -60'000'000;
  older.will = will("w");
  connect(b2(), "device", 1, will("second"));
  for (int time = 0; time < 2; ++time) {  // the second time b1 lists it, before it is evicted
    b1().stream(older);
    world.run();
    EXPECT_TRUE(b1().take<wire::Evict>());
  }
  EXPECT_TRUE(wills(b2()).empty());
  b1().stream(gone("device", 1, GoneReason::taken_over));
  EXPECT_EQ(wills(b2()), Topics{"w"});
  EXPECT_EQ(world.stats().wills, 1u);  // that of the younger one
}

TEST_F(WillsTest, WaitsForItsDelayAndIsCancelledByAReattach) {
  connect_persistent(b1(), "device", 1, will("w", 30));
  b1().stream(gone("device", 1));
  world.run();
  EXPECT_EQ(world.stats().wills_delayed, 1u);
  world.advance_ms(20'000);
  connect_persistent(b2(), "device", 1, std::nullopt);
  world.advance_ms(20'000);
  EXPECT_TRUE(wills(b1()).empty());
  EXPECT_EQ(world.stats().wills, 0u);
}

TEST_F(WillsTest, IsPublishedWhenItsDelayIsOverAlsoAcrossARestart) {
  connect_persistent(b1(), "device", 1, will("w", 30));
  b1().stream(gone("device", 1));
  world.advance_ms(20'000);
  world.restart();
  world.advance_ms(9500);
  EXPECT_TRUE(wills(b2()).empty());
  world.advance_ms(1000);
  EXPECT_EQ(wills(b2()), Topics{"w"});
  world.restart();
  world.advance_ms(40'000);
  EXPECT_TRUE(wills(b2()).empty());
}

TEST_F(WillsTest, DoesNotOutliveItsSession) {
  wire::Claim claim = persistent_claim("device", 1);
  claim.session_expiry_s = 10;
  claim.will = will("expired", 100);
  b1().stream(claim);
  b1().stream(gone("device", 1));
  world.advance_ms(11'000);
  EXPECT_EQ(wills(b2()), Topics{"expired"});

  connect_persistent(b1(), "device", 2, will("clean start", 100));
  b1().stream(gone("device", 2));
  connect_persistent(b1(), "device", 3, std::nullopt, true);
  EXPECT_EQ(wills(b2()), Topics{"clean start"});

  b1().stream(gone("device", 3));
  connect_persistent(b1(), "device", 4, will("clean session", 100));
  b1().stream(gone("device", 4));
  b1().stream(clean_claim("device", 5));
  EXPECT_EQ(wills(b2()), Topics{"clean session"});

  connect(b1(), "other", 6, will("no session", 100));
  b1().stream(gone("other", 6));
  EXPECT_EQ(wills(b2()), Topics{"no session"});
}

TEST_F(WillsTest, OfAHeldSessionTakenOverWithinTheDelayIsCancelled) {
  const Term first = connect_persistent(b1(), "device", 1, will("w", 30));
  world.advance_ms(10);
  connect_persistent(b2(), "device", 1, std::nullopt);
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.advance_ms(40'000);
  EXPECT_TRUE(wills(b1()).empty());
  EXPECT_EQ(world.stats().wills, 0u);
}

TEST_F(WillsTest, OfADiscardedSessionIsPublishedHoweverLateItsEndIsHeard) {
  const Term first = connect_persistent(b1(), "device", 1, will("w", 30));
  b1().renews_lease = false;
  world.advance_ms(3000);
  const Term second = connect_persistent(b2(), "device", 1, std::nullopt, true);
  ASSERT_NE(second, Term::none);
  b2().stream(gone("device", 1, GoneReason::disconnected, second));
  EXPECT_TRUE(wills(b2()).empty());
  b1().stream(gone("device", 1, GoneReason::keep_alive_timeout, first));
  EXPECT_EQ(wills(b2()), Topics{"w"});
}

TEST_F(WillsTest, SurvivesADeposedBrokersNewIncarnation) {
  connect(b1(), "device", 1, will("w"));
  world.remove("b1");  // the same process, under a new incarnation: the same socket
  Peer& again = world.broker("b1", 12);
  wire::Claim claim = clean_claim("device", 1);
  claim.connected_us = -1'000'000;
  claim.will = will("w");
  again.stream(claim);
  world.advance_ms(1000);
  const Topics published = wills(b2());
  EXPECT_LE(published.size(), 1u);  // none, unless the row had turned offline before
  EXPECT_EQ(world.stats().wills, 1u);
}

TEST_F(WillsTest, IsSpentWhenADeposedBrokerClaimsTheSameConnectionAgain) {
  const Incarnation next = next_incarnation(Incarnation{11});
  connect(b1(), "device", 1, will("w"));
  b1().cut = true;
  world.advance_ms(14'000);
  EXPECT_EQ(wills(b2()), Topics{"w"});
  b1().cut = false;
  world.advance_ms(3000);
  ASSERT_TRUE(b1().take<wire::Deposed>());
  b1().links.renew(world.now(), next);
  world.advance_ms(3000);
  b1().received.clear();
  const auto claim_again = [&] {
    wire::Claim claim = clean_claim("device", 1);
    claim.connected_us = -20'000'000;
    claim.will = will("w");
    b1().stream(wire::ClaimsBegin{});
    b1().stream(claim);
    connect(b1(), "new", 2, will("of one that came meanwhile"));
    b1().stream(wire::ClaimsEnd{});
    world.run();
  };
  claim_again();
  world.restart();
  world.advance_ms(1000);
  claim_again();
  b1().stream(gone("device", 1, GoneReason::connection_lost));
  b1().stream(gone("new", 2, GoneReason::connection_lost));
  EXPECT_EQ(wills(b2()), Topics{"of one that came meanwhile"});
  EXPECT_EQ(world.stats().wills, 0u);
}

TEST_F(WillsTest, IsSpentAlsoIfItsDeviceHadMovedOnAndGlobalForgotWhichIsYounger) {
  const Incarnation next = next_incarnation(Incarnation{11});
  connect(b1(), "device", 7, will("first"));
  b1().cut = true;
  world.advance_ms(1000);
  connect(b2(), "device", 1, will("second"));
  world.advance_ms(14'000);
  EXPECT_EQ(wills(b2()), Topics{"first"});
  world.restart();
  b2().cut = true;  // it cannot say yet that its own is younger
  b1().cut = false;
  world.advance_ms(1000);
  b1().links.renew(world.now(), next);
  world.advance_ms(1000);
  wire::Claim claim = clean_claim("device", 7);
  claim.connected_us = -17'000'000;
  claim.will = will("first");
  b1().stream(wire::ClaimsBegin{});
  b1().stream(claim);
  b1().stream(wire::ClaimsEnd{});
  world.run();
  b1().stream(gone("device", 7, GoneReason::taken_over));
  b2().cut = false;
  world.advance_ms(1000);
  EXPECT_TRUE(wills(b2()).empty());
  EXPECT_EQ(world.stats().wills, 1u);
}

TEST_F(WillsTest, ComesOnceToEachBrokerThoughGlobalDiesAtAnyMoment) {
  for (int moment = 0; moment < 6; ++moment) {
    const std::string topic = "w" + std::to_string(moment);
    const auto serial = static_cast<uint64_t>(moment + 1);
    connect(b1(), "device" + std::to_string(moment), serial, will(topic));
    world.hold_commits = true;
    b1().stream(gone("device" + std::to_string(moment), serial));
    world.run();
    for (int i = 0; i < moment; ++i) {
      if (!world.commit()) break;
      if (moment % 2 == 0) world.run();
    }
    world.hold_commits = false;
    world.restart();
    world.advance_ms(4000);
    EXPECT_EQ(wills(b1()), Topics{topic}) << moment;
    EXPECT_EQ(wills(b2()), Topics{topic}) << moment;
    EXPECT_EQ(world.stats().publications, 0u);
    EXPECT_EQ(world.stats().wills, 0u);
  }
}

TEST_F(WillsTest, ExpiresWhileItWaitsForABroker) {
  b2().cut = true;
  world.advance_ms(3000);  // its link is down
  wire::Will expiring = will("w");
  expiring.publication.expiry_s = 2;
  expiring.publication.properties = std::string("\x02\x00\x00\x00\x02", 5);
  connect(b1(), "device", 1, expiring);
  b1().stream(gone("device", 1));
  world.run();
  const auto sent = b1().take_all<wire::Publish>();
  ASSERT_EQ(sent.size(), 2u);  // the other is for groups
  EXPECT_EQ(sent[0].publication.expiry_s, 2u);
  world.advance_ms(2000);
  b2().cut = false;
  world.advance_ms(3000);
  EXPECT_TRUE(wills(b2()).empty());
  EXPECT_EQ(world.stats().publications, 0u);
}

TEST_F(WillsTest, ABrokerThatCameLaterDoesNotGetIt) {
  b2().cut = true;
  connect(b1(), "device", 1, will("w"));
  b1().stream(gone("device", 1));
  world.run();
  EXPECT_EQ(world.stats().publications, 1u);  // b2 must still take it
  Peer& b3 = world.broker("b3", 33);
  EXPECT_TRUE(wills(b3).empty());
  world.remove("b2");
  Peer& again = world.broker("b2", 23);
  EXPECT_TRUE(wills(again).empty());
  EXPECT_EQ(world.stats().publications, 0u);
}

}  // namespace
}  // namespace muster::global::testing
