// Retained messages at global: stored in one order, told to every broker, kept over restarts.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::RetainedKind;

class RetainedTest : public ::testing::Test {
 protected:
  RetainedTest() {
    world.broker("b1", 11);
    world.broker("b2", 22);
    world.run();
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  void retain(Peer& peer, const std::string& topic, const std::string& payload, uint8_t qos = 0,
              uint32_t expiry_s = wire::no_expiry) {
    wire::Publication what = publication(topic, payload, qos);
    what.retain = true;
    what.expiry_s = expiry_s;
    peer.stream(wire::Publish{std::move(what), 0, Term::none, 0, ++counter});
    world.run();
  }
  // What a broker makes of it.
  struct Replica {
    std::map<std::string, std::string> values;
    int snapshots = 0;
    uint64_t counter = 0;
    std::vector<wire::RetainedEntry> changes;
  };
  void read(Peer& peer, Replica& replica) {
    for (auto& message : peer.take_all<wire::Retained>()) {
      if (message.kind == RetainedKind::begin) {
        named.clear();
        replica.counter = message.counter;
      }
      for (auto& entry : message.entries) {
        const std::string topic(entry.publication.topic);
        const std::string payload(entry.publication.payload);
        named.insert(topic);
        replica.values[topic] = payload;
        if (payload.empty()) replica.values.erase(topic);
        if (message.kind == RetainedKind::change) replica.changes.push_back(entry);
      }
      if (message.kind != RetainedKind::end) continue;
      ++replica.snapshots;
      std::erase_if(replica.values, [&](const auto& one) { return !named.contains(one.first); });
    }
  }
  Replica read(Peer& peer) {
    Replica replica;
    read(peer, replica);
    return replica;
  }

  World world;
  uint64_t counter = 0;
  std::set<std::string> named;
};

using Values = std::map<std::string, std::string>;

TEST_F(RetainedTest, EveryBrokerGetsEachChangeInOrder) {
  retain(b1(), "a", "1");
  retain(b2(), "a", "2");
  retain(b1(), "b", "3", 1);
  retain(b1(), "c", "4");
  retain(b1(), "c", "");
  for (Peer* peer : {&b1(), &b2()}) {
    const Replica replica = read(*peer);
    EXPECT_EQ(replica.values, (Values{{"a", "2"}, {"b", "3"}}));
    EXPECT_EQ(replica.snapshots, 1);  // of the beginning
    ASSERT_EQ(replica.changes.size(), 5u);
    EXPECT_EQ(replica.changes[0].origin, Incarnation{11});
    EXPECT_EQ(replica.changes[0].counter, 1u);
    EXPECT_EQ(replica.changes[1].origin, Incarnation{22});
    EXPECT_LT(replica.changes[3].number, replica.changes[4].number);
  }
  EXPECT_EQ(world.stats().retained, 2u);
}

TEST_F(RetainedTest, NothingIsToldBeforeItIsStored) {
  read(b2());
  world.hold_commits = true;
  retain(b1(), "a", "1", 1);
  const uint64_t acknowledged = b1().acknowledged;
  EXPECT_TRUE(read(b2()).changes.empty());
  world.hold_commits = false;
  while (world.commit()) world.run();
  world.run();
  EXPECT_EQ(read(b2()).changes.size(), 1u);
  EXPECT_GT(b1().acknowledged, acknowledged);
}

TEST_F(RetainedTest, ABrokerThatComesLaterGetsAllInPages) {
  const std::string payload(1000, 'x');
  Values all;
  for (int i = 0; i < 500; ++i) {
    all["t/" + std::to_string(i)] = payload;
    retain(b1(), "t/" + std::to_string(i), payload);
  }
  Peer& late = world.broker("b3", 33);
  world.run();
  const Replica replica = read(late);
  EXPECT_EQ(replica.values, all);
  EXPECT_EQ(replica.snapshots, 1);
}

TEST_F(RetainedTest, SurvivesARestart) {
  retain(b1(), "a", "1");
  retain(b2(), "b", "2", 1);
  retain(b2(), "c", "3");
  retain(b2(), "c", "");
  world.restart();
  world.advance_ms(1000);
  const Replica replica = read(b1());
  EXPECT_EQ(replica.values, (Values{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(replica.counter, 1u);  // of its own
  EXPECT_EQ(world.stats().retained, 2u);
}

TEST_F(RetainedTest, ChangesDuringASnapshotComeOnTop) {
  for (int i = 0; i < 500; ++i) {
    retain(b1(), "t/" + std::to_string(i), std::string(1000, 'x'));
  }
  Peer& late = world.broker("b3", 33);
  world.hold_commits = true;
  retain(b1(), "t/0", "new");
  retain(b1(), "t/9", "");
  retain(b1(), "zz", "new");
  world.hold_commits = false;
  while (world.commit()) world.run();
  world.run();
  const Replica replica = read(late);
  EXPECT_EQ(replica.values.size(), 500u);
  EXPECT_EQ(replica.values.at("t/0"), "new");
  EXPECT_EQ(replica.values.at("zz"), "new");
  EXPECT_FALSE(replica.values.contains("t/9"));
  EXPECT_EQ(replica.snapshots, 1);
}

TEST_F(RetainedTest, ExpiresAlsoOverARestart) {
  retain(b1(), "a", "1", 0, 10);
  retain(b1(), "b", "1", 0, 100);
  retain(b1(), "c", "1", 0, 0);  // on its way
  EXPECT_EQ(world.stats().retained, 2u);
  world.advance(std::chrono::seconds(4));
  world.restart();
  world.run();
  const auto first = b2().take_all<wire::Retained>();
  for (const auto& message : first) {
    for (const auto& entry : message.entries) {
      if (message.kind == RetainedKind::page && entry.publication.topic == "a") {
        EXPECT_EQ(entry.publication.expiry_s, 6u);
      }
    }
  }
  world.advance(std::chrono::seconds(7));
  EXPECT_EQ(world.stats().retained, 1u);
  world.restart();
  world.run();
  EXPECT_EQ(world.stats().retained, 1u);
}

TEST_F(RetainedTest, ARetainedWillIsRetained) {
  wire::Claim claim = clean_claim("device", 1);
  claim.will = will("w", 0, 1);
  claim.will->publication.retain = true;
  b1().stream(claim);
  b1().stream(gone("device", 1));
  world.run();
  const Replica replica = read(b2());
  EXPECT_EQ(replica.values.count("w"), 1u);
  EXPECT_EQ(replica.changes.at(0).counter, 0u);
}

TEST_F(RetainedTest, ASyncIsAnsweredBehindWhatItAsksFor) {
  read(b2());
  world.hold_commits = true;
  retain(b1(), "a", "1");
  b2().stream(wire::RetainedSync{1, {{Incarnation{11}, counter + 1}}});
  world.run();
  EXPECT_FALSE(b2().take<wire::RetainedSynced>());
  retain(b1(), "b", "2");
  EXPECT_FALSE(b2().take<wire::RetainedSynced>());  // not stored
  world.hold_commits = false;
  while (world.commit()) world.run();
  world.run();
  ASSERT_FALSE(b2().received.empty());
  bool seen = false;
  for (const auto& message : b2().received) {
    if (std::holds_alternative<wire::RetainedSynced>(message)) seen = true;
    if (std::holds_alternative<wire::Retained>(message)) {
      EXPECT_FALSE(seen);
    }
  }
  EXPECT_TRUE(seen);
  EXPECT_EQ(read(b2()).changes.size(), 2u);
}

TEST_F(RetainedTest, ASyncDoesNotWaitForWhatWasTakenUnderAnIncarnationBefore) {
  retain(b1(), "a", "1");
  b1().links.renew(world.now(), Incarnation{12});
  world.advance(std::chrono::seconds(1));
  b1().stream(wire::ClaimsBegin{counter});
  b1().stream(wire::ClaimsEnd{});
  world.run();
  b2().stream(wire::RetainedSync{1, {{Incarnation{12}, counter}}});
  world.run();
  EXPECT_TRUE(b2().take<wire::RetainedSynced>());
}

TEST_F(RetainedTest, ASyncDoesNotWaitForTheDead) {
  world.remove("b1");
  b2().stream(wire::RetainedSync{1, {{Incarnation{11}, 5}, {Incarnation{99}, 5}}});
  world.run();
  EXPECT_FALSE(b2().take<wire::RetainedSynced>());
  world.advance(std::chrono::seconds(5));
  EXPECT_TRUE(b2().take<wire::RetainedSynced>());
}

TEST_F(RetainedTest, ABrokerWithoutCreditGetsASnapshotLater) {
  Replica replica;
  read(b2(), replica);
  b2().cut = true;
  const std::string payload(1 << 20, 'x');
  Values all;
  for (int i = 0; i < 70; ++i) {
    retain(b1(), "t/" + std::to_string(i % 10), payload + std::to_string(i));
    all["t/" + std::to_string(i % 10)] = payload + std::to_string(i);
  }
  b2().cut = false;
  world.advance(std::chrono::seconds(1));
  read(b2(), replica);
  EXPECT_EQ(replica.values, all);
  EXPECT_EQ(replica.snapshots, 2);
}

class RetainedInboxes : public RetainedTest {
 protected:
  wire::Subscription wish(const std::string& filter, uint8_t qos, uint8_t handling = 0) {
    wire::Subscription subscription;
    subscription.filter = filter;
    subscription.qos = qos;
    subscription.retain_handling = handling;
    subscription.identifier = 5;
    return subscription;
  }
  void subscribe(Term term, const wire::Subscription& subscription) {
    b2().stream(wire::SubscribeSession{"device", term, 1, {subscription}});
    world.run();
  }
  std::vector<wire::InboxEntry> delivered() {
    std::vector<wire::InboxEntry> all;
    for (auto& deliver : b2().take_all<wire::Deliver>()) {
      for (auto& entry : deliver.entries) all.push_back(std::move(entry));
    }
    return all;
  }
};

TEST_F(RetainedInboxes, ANewSubscriptionFindsThemInItsInbox) {
  retain(b1(), "a/1", "one", 1);
  retain(b1(), "a/2", "zero", 0);
  retain(b1(), "b", "no", 1);
  const Term term = attach(b2(), "device", 1);
  subscribe(term, wish("a/+", 1));
  const auto got = delivered();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].publication.payload, "one");
  EXPECT_TRUE(got[0].publication.retain);
  EXPECT_EQ(got[0].publication.qos, 1);
  EXPECT_EQ(got[0].identifiers, std::vector<uint32_t>{5});
}

TEST_F(RetainedInboxes, RetainHandlingIsJudgedHere) {
  retain(b1(), "a", "one", 1);
  const Term term = attach(b2(), "device", 1);
  subscribe(term, wish("a", 1, 2));
  EXPECT_TRUE(delivered().empty());
  subscribe(term, wish("a", 1, 1));
  EXPECT_TRUE(delivered().empty());
  subscribe(term, wish("a", 1, 0));
  EXPECT_EQ(delivered().size(), 1u);
  subscribe(term, wish("+", 1, 1));
  EXPECT_EQ(delivered().size(), 1u);
  subscribe(term, wish("a", 0, 0));  // QoS 0: from the broker
  EXPECT_TRUE(delivered().empty());
}

TEST_F(RetainedInboxes, ManyGoInAsTheyAreTakenAlsoOverARestart) {
  world.options.inbox_max_messages = 100;
  world.restart();
  for (int i = 0; i < 500; ++i) retain(b1(), "t/" + std::to_string(i), "x", 1);
  const Term term = attach(b2(), "device", 1);
  subscribe(term, wish("#", 1));
  std::set<std::string> topics;
  size_t count = 0;
  for (int round = 0; round < 50; ++round) {
    std::vector<uint64_t> numbers;
    for (const auto& entry : delivered()) {
      topics.emplace(entry.publication.topic);
      count += entry.redelivery ? 0 : 1;
      numbers.push_back(entry.number);
    }
    EXPECT_LE(world.stats().inbox_entries, 51u);
    b2().stream(wire::InboxAck{"device", term, numbers});
    world.run();
    if (round != 3) continue;
    world.restart();
    wire::Claim claim = persistent_claim("device", 1);
    claim.term = term;
    b2().stream(wire::ClaimsBegin{});
    b2().stream(claim);
    b2().stream(wire::ClaimsEnd{});
    world.run();
  }
  EXPECT_EQ(topics.size(), 500u);
  EXPECT_EQ(count, 500u);
  EXPECT_EQ(world.stats().inbox_refused, 0u);
}

TEST_F(RetainedTest, WhatIsOverThemIsNotRetained) {
  world.options.retained_max = 2;
  world.restart();
  world.advance_ms(1000);
  retain(b1(), "a", "1");
  retain(b1(), "b", "2");
  retain(b1(), "c", "3");
  retain(b1(), "a", "4");
  EXPECT_EQ(world.stats().retained, 2u);
  EXPECT_EQ(world.stats().retained_refused, 1u);
  EXPECT_EQ(read(b2()).values, (Values{{"a", "4"}, {"b", "2"}}));
}

}  // namespace
}  // namespace muster::global::testing
