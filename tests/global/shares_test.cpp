// Shared subscriptions of persistent sessions: who gets what, and what becomes of it when a member
// ends.

#include <gtest/gtest.h>

#include <map>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::ShareWay;

class SharesTest : public ::testing::Test {
 protected:
  SharesTest() {
    world.broker("b1", 11);
    world.broker("b2", 22);
    world.run();
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }

  Term join(Peer& peer, const std::string& client_id, uint64_t serial, uint8_t qos = 1,
            uint16_t window = 65535) {
    wire::Claim claim = persistent_claim(client_id, serial);
    claim.receive_maximum = window;
    peer.stream(claim);
    world.run();
    const auto grant = peer.take<wire::Grant>();
    EXPECT_TRUE(grant);
    wire::Subscription subscription;
    subscription.filter = name;
    subscription.qos = qos;
    peer.stream(wire::SubscribeSession{client_id, grant->term, 1, {subscription}});
    world.run();
    EXPECT_TRUE(peer.take<wire::SubscribeDone>());
    return grant->term;
  }
  // It goes, and begins anew: its former session is over.
  void begin_anew(Peer& peer, const std::string& client_id, uint64_t serial, Term term) {
    peer.stream(gone(client_id, serial, wire::GoneReason::connection_lost, term));
    wire::Claim clean = persistent_claim(client_id, serial + 100);
    clean.clean_start = true;
    peer.stream(clean);
    world.run();
  }
  void publish(const std::string& payload, ShareWay way = ShareWay::one, uint8_t qos = 1) {
    b2().stream(wire::Publish{publication("a/b", payload, qos), 0, Term::none, 0, 0, name, way});
    world.run();
  }
  void publish(int count, uint8_t qos = 1) {
    for (int i = 1; i <= count; ++i) publish(std::to_string(i), ShareWay::one, qos);
  }
  // Payloads by client.
  std::map<std::string, std::vector<std::string>> delivered(Peer& peer) {
    world.run();
    std::map<std::string, std::vector<std::string>> all;
    for (const wire::Deliver& deliver : peer.take_all<wire::Deliver>()) {
      for (const wire::InboxEntry& entry : deliver.entries) {
        all[deliver.client_id].emplace_back(entry.publication.payload);
      }
    }
    return all;
  }
  // Of our group, as announced last.
  wire::GroupRoute counts(Peer& peer) {
    wire::GroupRoute newest;
    for (const wire::Routes& routes : peer.take_all<wire::Routes>()) {
      for (const wire::GroupRoute& group : routes.groups) {
        if (group.name == name) newest = group;
      }
    }
    return newest;
  }

  const std::string name = "$share/g/a/+";
  World world;
};

TEST_F(SharesTest, EachPublicationGoesToOneMember) {
  join(b1(), "one", 1);
  join(b1(), "two", 2);
  join(b2(), "three", 3);
  EXPECT_EQ(counts(b2()), (wire::GroupRoute{name, 3, 0, 0}));
  publish(9);
  const auto first = delivered(b1());
  const auto second = delivered(b2());
  EXPECT_EQ(first.at("one").size(), 3u);
  EXPECT_EQ(first.at("two").size(), 3u);
  EXPECT_EQ(second.at("three").size(), 3u);
  // What is for all does not go to groups.
  b2().stream(wire::Publish{publication("a/b", "plain")});
  EXPECT_TRUE(delivered(b1()).empty());
}

TEST_F(SharesTest, ConnectedMembersComeFirst) {
  const Term one = join(b1(), "one", 1);
  join(b2(), "two", 2);
  b1().stream(gone("one", 1, wire::GoneReason::connection_lost, one));
  world.run();
  EXPECT_EQ(counts(b2()), (wire::GroupRoute{name, 1, 0, 1}));
  publish(4);
  EXPECT_EQ(delivered(b2()).at("two").size(), 4u);
  b2().stream(gone("two", 2));
  world.run();
  EXPECT_EQ(counts(b2()), (wire::GroupRoute{name, 0, 0, 2}));
  publish(2);  // nobody is there: it waits for who comes
  b1().stream(persistent_claim("one", 5));
  b2().stream(persistent_claim("two", 6));
  const auto first = delivered(b1());
  EXPECT_EQ((first.contains("one") ? first.at("one").size() : 0) + delivered(b2())["two"].size(),
            2u + 4u);
}

TEST_F(SharesTest, TheFewestEntriesDecide) {
  const Term one = join(b1(), "one", 1);
  join(b2(), "two", 2);
  for (int i = 0; i < 10; ++i) {
    publish("x");
    for (const wire::Deliver& deliver : b1().take_all<wire::Deliver>()) {
      for (const wire::InboxEntry& entry : deliver.entries) {
        b1().stream(wire::InboxAck{"one", one, {entry.number}});
      }
    }
    world.run();
  }
  EXPECT_LE(delivered(b2())["two"].size(), 1u);
}

TEST_F(SharesTest, WhatASessionLeavesGoesToAnotherMember) {
  const Term one = join(b1(), "one", 1);
  publish(5);
  const auto sent = b1().take_all<wire::Deliver>();
  ASSERT_FALSE(sent.empty());
  b1().stream(wire::InboxAck{"one", one, {sent[0].entries.at(0).number}});
  world.run();
  join(b2(), "two", 2);
  begin_anew(b1(), "one", 1, one);
  EXPECT_EQ(delivered(b2())["two"].size(), 4u);
  EXPECT_TRUE(delivered(b1()).empty());
}

TEST_F(SharesTest, WhatMayHaveBeenReceivedWithQos2StaysUndelivered) {
  const Term one = join(b1(), "one", 1, 2, 2);  // two of them are streamed
  publish(5, 2);
  EXPECT_EQ(delivered(b1()).at("one").size(), 2u);
  join(b2(), "two", 2, 2);
  begin_anew(b1(), "one", 1, one);
  EXPECT_EQ(delivered(b2())["two"], (std::vector<std::string>{"3", "4", "5"}));
}

TEST_F(SharesTest, WithoutAnotherMemberABrokerRoutesItAgain) {
  const Term one = join(b1(), "one", 1);
  publish(2);
  begin_anew(b1(), "one", 1, one);
  auto sent = b1().take_all<wire::Publish>();
  for (wire::Publish& more : b2().take_all<wire::Publish>()) sent.push_back(std::move(more));
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].share, name);
  EXPECT_EQ(sent[0].way, ShareWay::one);
  EXPECT_NE(sent[0].will, 0u);  // delivered once, however often it is sent
}

TEST_F(SharesTest, AStalePublicationIsPassedOnOnce) {
  publish("x");
  auto sent = b1().take_all<wire::Publish>();
  for (wire::Publish& more : b2().take_all<wire::Publish>()) sent.push_back(std::move(more));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].way, ShareWay::one);
  publish("y", ShareWay::passed);
  EXPECT_FALSE(b1().take<wire::Publish>());
  EXPECT_FALSE(b2().take<wire::Publish>());
}

TEST_F(SharesTest, EveryGroupButTheNamed) {
  join(b1(), "one", 1);
  b2().stream(
      wire::Publish{publication("a/b", "x"), 0, Term::none, 0, 0, "$share/h/#", ShareWay::others});
  EXPECT_EQ(delivered(b1())["one"].size(), 1u);
  b2().stream(wire::Publish{publication("a/b", "y"), 0, Term::none, 0, 0,
                            "$share/h/#" + std::string(1, '\0') + name, ShareWay::others});
  EXPECT_TRUE(delivered(b1()).empty());
}

TEST_F(SharesTest, SurvivesARestart) {
  const Term one = join(b1(), "one", 1);
  b1().stream(gone("one", 1, wire::GoneReason::connection_lost, one));
  world.run();
  publish(3);
  world.restart();
  world.advance_ms(3000);
  EXPECT_EQ(counts(b2()), (wire::GroupRoute{name, 0, 0, 1}));
  join(b2(), "two", 2);
  begin_anew(b1(), "one", 1, one);
  EXPECT_EQ(delivered(b2())["two"].size(), 3u);
}

TEST_F(SharesTest, AWillGoesToOneMember) {
  join(b1(), "one", 1);
  join(b1(), "two", 2);
  wire::Claim claim = clean_claim("dying", 9);
  claim.will = will("a/b", 0, 1);
  b2().stream(claim);
  b2().stream(gone("dying", 9));
  const auto got = delivered(b1());
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got.begin()->second.size(), 1u);
  // And one broker looks for the groups that global does not know.
  int others = 0;
  for (Peer* peer : {&b1(), &b2()}) {
    for (const wire::Publish& sent : peer->take_all<wire::Publish>()) {
      if (sent.way != ShareWay::others) continue;
      ++others;
      EXPECT_EQ(sent.share, name);
    }
  }
  EXPECT_EQ(others, 1);
}

TEST_F(SharesTest, UnsubscribedIsNoMember) {
  const Term one = join(b1(), "one", 1);
  b1().stream(wire::UnsubscribeSession{"one", one, 2, {name}});
  world.run();
  EXPECT_EQ(counts(b2()), (wire::GroupRoute{name, 0, 0, 0}));
  publish("x", ShareWay::passed);
  EXPECT_TRUE(delivered(b1()).empty());
}

}  // namespace
}  // namespace muster::global::testing
