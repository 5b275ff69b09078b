// Persistent sessions: who holds one, who waits, who is evicted; expiry, clean start.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;

class SessionsTest : public ::testing::Test {
 protected:
  explicit SessionsTest(Options options = {}) : world(options) {
    world.broker("b1", 11);
    world.broker("b2", 22);
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  void publish(const std::string& topic, const std::string& payload) {
    b1().stream(wire::Publish{publication(topic, payload)});
    world.run();
  }

  World world;
};

TEST_F(SessionsTest, ASessionIsGrantedAndResumed) {
  b1().stream(persistent_claim("device", 1));
  world.run();
  auto grant = b1().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->serial, Serial{1});
  EXPECT_FALSE(grant->session_present);
  EXPECT_TRUE(grant->subscriptions.empty());
  const Term first = grant->term;
  wire::Subscription subscription;
  subscription.filter = "a/+";
  subscription.qos = 1;
  subscription.identifier = 7;
  subscription.no_local = true;
  b1().stream(wire::SubscribeSession{"device", first, 5, {subscription}});
  world.run();
  const auto done = b1().take<wire::SubscribeDone>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->request, 5u);
  EXPECT_EQ(done->reasons, std::vector<uint8_t>{1});
  b1().stream(gone("device", 1, GoneReason::disconnected, first));
  b2().stream(persistent_claim("device", 1));
  world.run();
  grant = b2().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_TRUE(grant->session_present);
  EXPECT_GT(grant->term, first);
  ASSERT_EQ(grant->subscriptions.size(), 1u);
  EXPECT_EQ(grant->subscriptions[0].filter, "a/+");
  EXPECT_EQ(grant->subscriptions[0].identifier, 7u);
  EXPECT_TRUE(grant->subscriptions[0].no_local);
}

TEST_F(SessionsTest, AWaitingAttachGetsItWhenTheHolderHasLetGo) {
  const Term first = attach(b1(), "device", 1);
  world.advance_ms(10);
  b2().stream(persistent_claim("device", 1));
  world.run();
  EXPECT_TRUE(b1().take<wire::Evict>());
  EXPECT_FALSE(b2().take<wire::Grant>());
  EXPECT_EQ(world.stats().sessions_waiting, 1u);
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.run();
  const auto grant = b2().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_GT(grant->term, first);
  EXPECT_TRUE(grant->session_present);
  EXPECT_EQ(world.stats().sessions_waiting, 0u);
}

TEST_F(SessionsTest, AcknowledgementsBeforeTheGoodbyeCount) {
  const Term first = attach(b1(), "device", 1, {"a"});
  publish("a", "one");
  publish("a", "two");
  b2().stream(persistent_claim("device", 1));
  world.run();
  b1().stream(wire::InboxAck{"device", first, {1}});
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  b1().stream(wire::InboxAck{"device", first, {2}});  // too late: stale
  world.run();
  EXPECT_EQ(payloads(b2().take_all<wire::Deliver>()), std::vector<std::string>{"two"});
  EXPECT_EQ(world.stats().stale, 1u);
}

TEST_F(SessionsTest, AWaitingAttachGetsItWhenTheLeaseHasEnded) {
  const Term first = attach(b1(), "device", 1, {"a"});
  b1().cut = true;
  world.advance_ms(100);
  b2().stream(persistent_claim("device", 1));
  world.advance_ms(2700);
  EXPECT_FALSE(b2().take<wire::Grant>());
  world.advance_ms(400);
  const auto grant = b2().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_TRUE(grant->session_present);
  // The first broker heals: it lists the connection with its old term, and is told to let go.
  b1().received.clear();
  b1().cut = false;
  wire::Claim again = persistent_claim("device", 1);
  again.term = first;
  again.connected_us = -4'000'000;
  b1().stream(wire::ClaimsBegin{});
  b1().stream(again);
  b1().stream(wire::ClaimsEnd{});
  b1().stream(wire::InboxAck{"device", first, {1}});
  world.advance_ms(2000);
  EXPECT_TRUE(b1().take<wire::Evict>());
  EXPECT_FALSE(b1().take<wire::Grant>());
  EXPECT_FALSE(b2().take<wire::Evict>());
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.run();
  EXPECT_EQ(world.stats().sessions_held, 1u);
  EXPECT_EQ(world.stats().connected, 1u);
}

TEST_F(SessionsTest, TheYoungestOfSeveralWaitersGetsIt) {
  Peer& b3 = world.broker("b3", 33);
  const Term first = attach(b1(), "device", 1);
  world.advance_ms(100);
  b2().stream(persistent_claim("device", 1));
  world.advance_ms(100);
  b3.stream(persistent_claim("device", 1));
  wire::Claim late = persistent_claim("device", 2);
  late.connected_us = -150'000;  // older than the one at b3
  world.run();
  EXPECT_TRUE(b2().take<wire::Evict>());
  b2().stream(late);
  world.run();
  EXPECT_TRUE(b2().take<wire::Evict>());
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.run();
  EXPECT_TRUE(b3.take<wire::Grant>());
  EXPECT_FALSE(b2().take<wire::Grant>());
}

TEST_F(SessionsTest, AWaiterThatHasGoneGetsNothing) {
  const Term first = attach(b1(), "device", 1);
  b2().stream(persistent_claim("device", 1));
  b2().stream(gone("device", 1));
  world.run();
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.run();
  EXPECT_FALSE(b2().take<wire::Grant>());
  EXPECT_EQ(world.stats().sessions_held, 0u);
  world.advance_ms(4000);  // nobody who took it over has claimed it
  EXPECT_EQ(world.stats().connected, 0u);
}

TEST_F(SessionsTest, AGrantToAConnectionThatHasGoneIsAnsweredWithDetach) {
  b1().stream(persistent_claim("device", 1));
  b1().stream(gone("device", 1));  // it never saw the grant: no term
  world.run();
  EXPECT_TRUE(b1().take<wire::Grant>());
  EXPECT_EQ(world.stats().sessions, 1u);
  EXPECT_EQ(world.stats().sessions_held, 0u);
  EXPECT_TRUE(attach(b2(), "device", 1) != Term::none);
}

TEST_F(SessionsTest, AClaimWithItsHeldTermIsConfirmed) {
  const Term term = attach(b1(), "device", 1, {"a"});
  publish("a", "one");
  EXPECT_EQ(numbers(b1().take_all<wire::Deliver>()), std::vector<uint64_t>{1});
  wire::Claim again = persistent_claim("device", 1);
  again.term = term;
  again.connected_us = -1'000'000;
  b1().stream(wire::ClaimsBegin{});
  b1().stream(again);
  b1().stream(wire::ClaimsEnd{});
  world.run();
  const auto grant = b1().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->term, term);
  EXPECT_FALSE(b1().take<wire::Evict>());
  EXPECT_TRUE(b1().take_all<wire::Deliver>().empty());  // its stream is whole
}

TEST_F(SessionsTest, CleanStartDropsTheOldSession) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::disconnected, term));
  publish("a", "for the old session");
  wire::Claim claim = persistent_claim("device", 2);
  claim.clean_start = true;
  b1().stream(claim);
  world.run();
  const auto grant = b1().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_FALSE(grant->session_present);
  EXPECT_TRUE(grant->subscriptions.empty());
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_EQ(world.stats().subscriptions, 0u);
  publish("a", "for nobody");
  EXPECT_TRUE(b1().take_all<wire::Deliver>().empty());
}

TEST_F(SessionsTest, ACleanClaimDeletesTheSessionAndTakesOver) {
  attach(b1(), "device", 1, {"a"});
  publish("a", "lost with its session");
  world.advance_ms(10);
  b2().stream(clean_claim("device", 1));
  world.run();
  EXPECT_TRUE(b1().take<wire::Evict>());
  EXPECT_EQ(world.stats().sessions, 0u);
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_EQ(world.stats().subscriptions, 0u);
  b1().stream(gone("device", 1, GoneReason::taken_over));
  world.run();
  EXPECT_EQ(world.stats().connected, 1u);
  world.restart();
  EXPECT_EQ(world.stats().unreadable, 0u);
  EXPECT_EQ(world.stats().sessions, 0u);
}

TEST_F(SessionsTest, ASessionExpiresAlsoAcrossARestart) {
  wire::Claim claim = persistent_claim("device", 1);
  claim.session_expiry_s = 60;
  b1().stream(claim);
  b1().stream(gone("device", 1));
  wire::Claim other = persistent_claim("other", 2);
  other.session_expiry_s = wire::no_expiry;
  b1().stream(other);
  b1().stream(gone("other", 2));
  world.run();
  world.advance_ms(40'000);
  EXPECT_EQ(world.stats().sessions, 2u);
  world.restart();
  world.advance_ms(19'000);
  EXPECT_EQ(world.stats().sessions, 2u);
  world.advance_ms(2000);
  EXPECT_EQ(world.stats().sessions, 1u);
  world.restart();
  EXPECT_EQ(world.stats().sessions, 1u);
}

TEST_F(SessionsTest, DisconnectMayChangeTheExpiry) {
  const Term term = attach(b1(), "device", 1, {"a"});
  wire::Gone goodbye = gone("device", 1, GoneReason::disconnected, term);
  goodbye.session_expiry_s = 0;
  b1().stream(goodbye);
  world.run();
  EXPECT_EQ(world.stats().sessions, 0u);
  EXPECT_EQ(world.stats().subscriptions, 0u);
}

TEST_F(SessionsTest, ASessionThatEndedIsNotGrantedThoughItsGoodbyeCameLate) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b2().stream(persistent_claim("device", 1));
  world.run();
  EXPECT_FALSE(b2().take<wire::Grant>());
  wire::Gone goodbye = gone("device", 1, GoneReason::disconnected, term);
  goodbye.session_expiry_s = 0;
  b1().stream(goodbye);
  world.run();
  const auto grant = b2().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_FALSE(grant->session_present);
  EXPECT_TRUE(grant->subscriptions.empty());
  EXPECT_EQ(world.stats().subscriptions, 0u);
  EXPECT_EQ(world.stats().sessions, 1u);
}

TEST_F(SessionsTest, WithExpiryZeroASessionMayBeResumedAndEndsWithItsConnection) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  publish("a", "kept");
  wire::Claim claim = persistent_claim("device", 2);
  claim.session_expiry_s = 0;
  b1().stream(claim);
  world.run();
  EXPECT_TRUE(b1().take<wire::Grant>()->session_present);
  EXPECT_EQ(payloads(b1().take_all<wire::Deliver>()), std::vector<std::string>{"kept"});
  b1().stream(gone("device", 2));
  world.run();
  EXPECT_EQ(world.stats().sessions, 0u);
}

TEST_F(SessionsTest, StaleTermsAreRefused) {
  const Term first = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, first));
  const Term second = attach(b2(), "device", 1);
  EXPECT_GT(second, first);
  wire::Subscription subscription;
  subscription.filter = "b";
  subscription.qos = 1;
  b1().stream(wire::SubscribeSession{"device", first, 1, {subscription}});
  b1().stream(wire::UnsubscribeSession{"device", first, 2, {"a"}});
  b1().stream(wire::InboxAck{"device", first, {1}});
  b1().stream(wire::InboxAck{"device", second, {1}});  // right term, wrong broker
  world.run();
  EXPECT_EQ(world.stats().stale, 4u);
  EXPECT_EQ(world.stats().subscriptions, 1u);
  EXPECT_FALSE(b1().take<wire::SubscribeDone>());
  b2().stream(gone("device", 1, GoneReason::connection_lost, second));
  world.run();
  attach(b1(), "device", 2);
  b1().stream(wire::SubscribeSession{"device", first, 3, {subscription}});  // right broker
  world.run();
  EXPECT_EQ(world.stats().stale, 5u);
  EXPECT_EQ(world.stats().subscriptions, 1u);
}

TEST_F(SessionsTest, ADeposedBrokerTakesItsSessionUpUnderANewTerm) {
  const Term first = attach(b1(), "device", 1, {"a"});
  publish("a", "one");
  b1().cut = true;
  world.advance_ms(14'000);
  EXPECT_EQ(world.stats().sessions_held, 0u);
  b1().received.clear();
  b1().cut = false;
  world.advance_ms(3000);
  ASSERT_TRUE(b1().take<wire::Deposed>());
  b1().links.renew(world.now(), Incarnation{12});
  world.advance_ms(3000);
  wire::Claim again = persistent_claim("device", 1);
  again.term = first;
  again.clean_start = true;  // its clean start was long ago
  again.connected_us = -20'000'000;
  b1().stream(again);
  world.run();
  const auto grant = b1().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_GT(grant->term, first);
  EXPECT_TRUE(grant->session_present);
  EXPECT_EQ(payloads(b1().take_all<wire::Deliver>()), std::vector<std::string>{"one"});
}

TEST_F(SessionsTest, AfterARestartAClaimWaitsForTheHolderToSpeakOrItsLeaseToEnd) {
  const Term first = attach(b1(), "device", 1, {"a"});
  world.restart();
  b1().cut = true;
  b1().received.clear();
  // An older connection, cut off until now, claims first. Nobody knows yet that it is older.
  wire::Claim old_claim = persistent_claim("device", 1);
  old_claim.connected_us = -60'000'000;
  b2().stream(old_claim);
  world.advance_ms(1500);
  EXPECT_FALSE(b2().take<wire::Grant>());
  b1().cut = false;
  wire::Claim again = persistent_claim("device", 1);
  again.term = first;
  again.connected_us = -2'000'000;
  b1().stream(again);
  world.advance_ms(1500);
  EXPECT_TRUE(b1().take<wire::Grant>());
  EXPECT_FALSE(b1().take<wire::Evict>());
  EXPECT_TRUE(b2().take<wire::Evict>());
  EXPECT_EQ(world.stats().sessions_waiting, 0u);
}

TEST_F(SessionsTest, AfterARestartACleanClaimDoesNotDeleteWhatIsHeldByAYoungerOne) {
  const Term first = attach(b1(), "device", 1, {"a"});
  publish("a", "kept");
  world.restart();
  b1().cut = true;
  wire::Claim old_claim = clean_claim("device", 1);
  old_claim.connected_us = -60'000'000;
  b2().stream(old_claim);
  world.advance_ms(1500);
  EXPECT_EQ(world.stats().sessions, 1u);
  b1().cut = false;
  wire::Claim again = persistent_claim("device", 1);
  again.term = first;
  again.connected_us = -2'000'000;
  b1().stream(again);
  world.advance_ms(1500);
  EXPECT_TRUE(b2().take<wire::Evict>());
  EXPECT_EQ(world.stats().sessions, 1u);
  EXPECT_EQ(world.stats().inbox_entries, 1u);
}

TEST_F(SessionsTest, AListWithoutTheHolderReleasesTheSession) {
  attach(b1(), "device", 1);
  world.restart();
  b2().stream(persistent_claim("device", 1));
  b1().stream(wire::ClaimsBegin{});
  b1().stream(wire::ClaimsEnd{});
  world.advance_ms(1500);
  const auto grant = b2().take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_TRUE(grant->session_present);
}

TEST_F(SessionsTest, AListWithoutTheWaiterForgetsIt) {
  const Term first = attach(b1(), "device", 1);
  b2().stream(persistent_claim("device", 1));
  world.run();
  b2().stream(wire::ClaimsBegin{});
  b2().stream(wire::ClaimsEnd{});
  world.run();
  b1().stream(gone("device", 1, GoneReason::taken_over, first));
  world.run();
  EXPECT_FALSE(b2().take<wire::Grant>());
  EXPECT_EQ(world.stats().sessions_held, 0u);
}

TEST_F(SessionsTest, AWaiterTakesOverFromADeadBroker) {
  attach(b1(), "device", 1);
  b2().stream(persistent_claim("device", 1));
  world.run();
  world.remove("b1");
  world.broker("b1", 12);
  world.run();
  EXPECT_TRUE(b2().take<wire::Grant>());
  EXPECT_EQ(world.stats().connected, 1u);
}

TEST_F(SessionsTest, SubscriptionsAreReplacedAndRemoved) {
  const Term term = attach(b1(), "device", 1, {"a", "b"});
  wire::Subscription subscription;
  subscription.filter = "a";
  subscription.qos = 0;
  b1().stream(wire::SubscribeSession{"device", term, 2, {subscription}});
  b1().stream(wire::UnsubscribeSession{"device", term, 3, {"b", "c"}});
  world.run();
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, std::vector<uint8_t>{0});
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, (std::vector<uint8_t>{0, 0x11}));
  publish("a", "goes directly");
  publish("b", "for nobody");
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_EQ(world.stats().subscriptions, 1u);
  world.restart();
  EXPECT_EQ(world.stats().subscriptions, 1u);
}

class LimitsTest : public SessionsTest {
 protected:
  LimitsTest() : SessionsTest({.max_sessions = 2, .max_subscriptions = 2, .max_routes = 3}) {}
};

TEST_F(LimitsTest, ManySessionsAndSubscriptionsAreRefused) {
  const Term term = attach(b1(), "one", 1, {"a", "b"});
  attach(b1(), "two", 2);
  b1().stream(persistent_claim("three", 3));
  world.run();
  const auto refused = b1().take<wire::Refused>();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->serial, Serial{3});
  EXPECT_EQ(refused->reason, 0x97);
  wire::Subscription again, more;
  again.filter = "a";
  again.qos = more.qos = 1;
  more.filter = "c";
  b1().stream(wire::SubscribeSession{"one", term, 4, {again, more}});
  world.run();
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, (std::vector<uint8_t>{1, 0x97}));
}

TEST_F(LimitsTest, SoAreTooManyDifferentFilters) {
  attach(b1(), "one", 1, {"a", "b"});
  const Term term = attach(b1(), "two", 2, {"a"});
  b1().stream(wire::SubscribeSession{
      "two", term, 3, {{.filter = "c", .qos = 1}, {.filter = "a", .qos = 1}}});
  b1().stream(gone("one", 1));
  world.run();
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, (std::vector<uint8_t>{1, 1}));
  const Term again = attach(b1(), "one", 4);
  b1().stream(wire::UnsubscribeSession{"one", again, 4, {"a"}});
  b1().stream(wire::SubscribeSession{"one", again, 5, {{.filter = "d", .qos = 1}}});
  b1().stream(wire::SubscribeSession{"one", again, 6, {{.filter = "d", .qos = 0}}});
  world.run();
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, std::vector<uint8_t>{0});
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, std::vector<uint8_t>{0x97});
  EXPECT_EQ(b1().take<wire::SubscribeDone>()->reasons, std::vector<uint8_t>{0});
}

}  // namespace
}  // namespace muster::global::testing
