// Inboxes: matching, order, window, acknowledgements, bounds, expiry, what comes again.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;

class InboxTest : public ::testing::Test {
 protected:
  explicit InboxTest(Options options = {}) : world(options) {
    world.broker("b1", 11);
    world.broker("b2", 22);
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }
  void publish(wire::Publication publication) {
    b2().stream(wire::Publish{std::move(publication)});
    world.run();
  }
  void publish(const std::string& topic, int count, int first = 1) {
    for (int i = first; i < first + count; ++i) {
      b2().stream(wire::Publish{publication(topic, std::to_string(i))});
    }
    world.run();
  }
  void subscribe(Peer& peer, const std::string& client_id, Term term,
                 std::vector<wire::Subscription> subscriptions) {
    peer.stream(wire::SubscribeSession{client_id, term, 1, std::move(subscriptions)});
    world.run();
    ASSERT_TRUE(peer.take<wire::SubscribeDone>());
  }
  static wire::Subscription filter(const std::string& text, uint8_t qos, uint32_t identifier = 0) {
    wire::Subscription subscription;
    subscription.filter = text;
    subscription.qos = qos;
    subscription.identifier = identifier;
    return subscription;
  }
  std::vector<wire::InboxEntry> delivered(Peer& peer) {
    world.run();
    std::vector<wire::InboxEntry> all;
    for (wire::Deliver& deliver : peer.take_all<wire::Deliver>()) {
      for (wire::InboxEntry& entry : deliver.entries) all.push_back(std::move(entry));
    }
    return all;
  }

  World world;
};

TEST_F(InboxTest, OneCopyWithTheGreatestQosAndAllIdentifiers) {
  const Term term = attach(b1(), "device", 1);
  subscribe(b1(), "device", term,
            {filter("a/b", 0, 3), filter("a/+", 1, 4), filter("#", 0, 5), filter("x", 1, 6)});
  publish(publication("a/b", "both"));
  auto entries = delivered(b1());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].publication.qos, 1);
  EXPECT_EQ(entries[0].publication.publisher, "publisher");
  std::sort(entries[0].identifiers.begin(), entries[0].identifiers.end());
  EXPECT_EQ(entries[0].identifiers, (std::vector<uint32_t>{3, 4, 5}));
  EXPECT_FALSE(entries[0].redelivery);
  publish(publication("only/zero", "goes directly"));
  publish(publication("a/b", "QoS 0", 0));
  EXPECT_TRUE(delivered(b1()).empty());
}

TEST_F(InboxTest, TheEffectiveQosIsTheLesser) {
  const Term term = attach(b1(), "device", 1);
  subscribe(b1(), "device", term, {filter("one", 1), filter("two", 2)});
  publish(publication("one", "", 2));
  publish(publication("two", "", 1));
  publish(publication("two", "", 2));
  const auto entries = delivered(b1());
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].publication.qos, 1);
  EXPECT_EQ(entries[1].publication.qos, 1);
  EXPECT_EQ(entries[2].publication.qos, 2);
}

TEST_F(InboxTest, NoLocalAndRetainAsPublished) {
  const Term term = attach(b1(), "device", 1);
  wire::Subscription mine = filter("mine", 1);
  mine.no_local = true;
  wire::Subscription kept = filter("kept", 1);
  kept.retain_as_published = true;
  subscribe(b1(), "device", term, {mine, kept, filter("plain", 1)});
  wire::Publication own = publication("mine", "own");
  own.publisher = "device";
  publish(own);
  EXPECT_TRUE(delivered(b1()).empty());
  for (const char* topic : {"mine", "kept", "plain"}) {
    wire::Publication retained = publication(topic, topic);
    retained.retain = true;
    publish(retained);
  }
  const auto entries = delivered(b1());
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_FALSE(entries[0].publication.retain);
  EXPECT_TRUE(entries[1].publication.retain);
  EXPECT_FALSE(entries[2].publication.retain);
}

TEST_F(InboxTest, KeepsOrderForADeviceThatIsAway) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  world.run();
  publish("a", 50);
  EXPECT_EQ(world.stats().inbox_entries, 50u);
  attach(b2(), "device", 1);
  const auto entries = delivered(b2());
  ASSERT_EQ(entries.size(), 50u);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(entries[i].number, i + 1);
    EXPECT_EQ(entries[i].publication.payload, std::to_string(i + 1));
    EXPECT_FALSE(entries[i].redelivery);  // none of them was ever streamed
  }
}

TEST_F(InboxTest, AcknowledgementsMayComeOutOfOrder) {
  const Term term = attach(b1(), "device", 1, {"a"});
  publish("a", 5);
  b1().take_all<wire::Deliver>();
  b1().stream(wire::InboxAck{"device", term, {2, 4, 99, 4}});
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 3u);
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  publish("a", 1, 6);
  const Term second = attach(b2(), "device", 1);
  const auto entries = delivered(b2());
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].number, 1u);
  EXPECT_EQ(entries[1].number, 3u);
  EXPECT_EQ(entries[2].number, 5u);
  EXPECT_EQ(entries[3].number, 6u);
  EXPECT_TRUE(entries[0].redelivery);
  EXPECT_TRUE(entries[2].redelivery);
  EXPECT_FALSE(entries[3].redelivery);
  b2().stream(wire::InboxAck{"device", second, {1, 3, 5, 6}});
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_EQ(world.stats().inbox_bytes, 0u);
  publish("a", 1, 7);
  EXPECT_EQ(delivered(b2()).at(0).number, 7u);
}

TEST_F(InboxTest, WhatIsAcknowledgedInOrderIsErasedByOneRecord) {
  const Term term = attach(b1(), "device", 1, {"a"});
  publish("a", 5);
  std::vector<uint32_t> erased;
  world.on_commit = [&](const store::StoreBatch& batch) {
    for (const auto& write : batch.writes) {
      if (write.deletes) erased.push_back(write.count);
    }
  };
  b1().stream(wire::InboxAck{"device", term, {1, 2, 3, 5}, {}});
  world.run();
  EXPECT_EQ(erased, (std::vector<uint32_t>{3, 1}));
  world.restart();
  EXPECT_EQ(world.stats().inbox_entries, 1u);
}

// A run stands behind the puts of its commit, and would undo a later one under the same number.
TEST_F(InboxTest, WhatTheOpenCommitHasPutIsErasedKeyByKey) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  world.run();
  world.hold_commits = true;
  publish("nobody", 1);  // is in flight
  publish("a", 3);
  bool runs = false;
  world.on_commit = [&](const store::StoreBatch& batch) {
    for (const auto& write : batch.writes) runs |= write.count > 1;
  };
  b1().stream(clean_claim("device", 2));
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  world.hold_commits = false;
  while (world.commit()) world.run();
  EXPECT_FALSE(runs);
  world.restart();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
}

TEST_F(InboxTest, NumbersAreNotUsedAgainAfterARestart) {
  const Term term = attach(b1(), "device", 1, {"a"});
  publish("a", 3);
  b1().take_all<wire::Deliver>();
  b1().stream(wire::InboxAck{"device", term, {2, 3}});
  world.run();
  b1().stream(wire::InboxAck{"device", term, {1}});
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  world.restart();
  world.advance_ms(3000);
  wire::Claim again = persistent_claim("device", 1);
  again.term = term;
  b1().stream(again);
  publish("a", 1, 4);
  const auto entries = delivered(b1());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].number, 4u);
  EXPECT_EQ(entries[0].publication.payload, "4");
}

TEST_F(InboxTest, WhatWasStreamedComesAgainAsThatAfterASecondRestartToo) {
  attach(b1(), "device", 1, {"a"});
  publish("a", 2);
  EXPECT_EQ(delivered(b1()).size(), 2u);
  world.restart();
  world.remove("b1");  // it lets go without a word, and nothing was streamed in this life
  world.advance(world.options.dead_after + std::chrono::seconds(10));
  world.restart();
  world.advance(std::chrono::seconds(10));
  attach(b2(), "device", 5);
  const auto entries = delivered(b2());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_TRUE(entries[0].redelivery);
  EXPECT_TRUE(entries[1].redelivery);
}

TEST_F(InboxTest, TheWindowIsTheReceiveMaximum) {
  wire::Claim claim = persistent_claim("device", 1);
  claim.receive_maximum = 3;
  b1().stream(claim);
  world.run();
  const Term term = b1().take<wire::Grant>()->term;
  subscribe(b1(), "device", term, {filter("a", 1)});
  publish("a", 10);
  EXPECT_EQ(numbers(b1().take_all<wire::Deliver>()), (std::vector<uint64_t>{1, 2, 3}));
  b1().stream(wire::InboxAck{"device", term, {2}});
  world.run();
  EXPECT_EQ(numbers(b1().take_all<wire::Deliver>()), (std::vector<uint64_t>{4}));
  b1().stream(wire::InboxAck{"device", term, {1, 3, 4}});
  world.run();
  EXPECT_EQ(numbers(b1().take_all<wire::Deliver>()), (std::vector<uint64_t>{5, 6, 7}));
}

TEST_F(InboxTest, AWindowNeverSpansMoreThanThePacketIdentifiers) {
  World big({.inbox_max_messages = 100'000});
  Peer& broker = big.broker("b1", 11);
  const Term term = attach(broker, "device", 1, {"a"});
  uint64_t last = 0;
  const auto push = [&](int count) {
    for (int i = 0; i < count; ++i) broker.stream(wire::Publish{publication("a", "")});
    big.run();
    std::vector<uint64_t> all = numbers(broker.take_all<wire::Deliver>());
    if (!all.empty()) last = all.back();
    return all;
  };
  // All but the first are acknowledged: the first one holds the window.
  for (int round = 0; round < 66; ++round) {
    std::vector<uint64_t> all = push(1000);
    std::erase(all, 1u);
    broker.stream(wire::InboxAck{"device", term, all});
    big.run();
  }
  EXPECT_EQ(last, 65'535u);
  EXPECT_EQ(big.stats().inbox_entries, 1u + 66'000 - 65'535);
  broker.stream(wire::InboxAck{"device", term, {1}});
  big.run();
  EXPECT_EQ(numbers(broker.take_all<wire::Deliver>()).back(), 66'000u);
}

TEST_F(InboxTest, ExpiredMessagesAreDroppedAndOthersSayWhatIsLeft) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  world.run();
  wire::Publication brief = publication("a", "brief");
  brief.expiry_s = 10;
  wire::Publication longer = publication("a", "longer");
  longer.expiry_s = 100;
  publish(brief);
  publish(longer);
  publish(publication("a", "for ever"));
  world.advance_ms(30'000);
  attach(b2(), "device", 1);
  const auto entries = delivered(b2());
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].publication.expiry_s, 70u);
  EXPECT_EQ(entries[1].publication.expiry_s, wire::no_expiry);
  EXPECT_EQ(world.stats().inbox_expired, 1u);
  EXPECT_EQ(world.stats().inbox_entries, 2u);
}

TEST_F(InboxTest, LargePublicationsAreStoredOnceForAllTheirReceivers) {
  for (uint64_t serial = 1; serial <= 10; ++serial) {
    const std::string client_id = "device" + std::to_string(serial);
    const Term term = attach(b1(), client_id, serial, {"a"});
    b1().stream(gone(client_id, serial, GoneReason::connection_lost, term));
  }
  world.run();
  size_t bytes = 0;
  world.on_commit = [&](const store::StoreBatch& batch) {
    for (const auto& write : batch.writes) bytes += write.value.size;
  };
  publish(publication("a", std::string(10'000, 'x')));
  EXPECT_GT(bytes, 10'000u);
  EXPECT_LT(bytes, 12'000u);
  const size_t with_body = world.store.size();
  world.restart();
  world.advance_ms(3000);
  EXPECT_EQ(world.stats().inbox_entries, 10u);
  for (uint64_t serial = 1; serial <= 10; ++serial) {
    const std::string client_id = "device" + std::to_string(serial);
    const Term term = attach(b2(), client_id, serial);
    const auto entries = delivered(b2());
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(entries[0].publication.payload.size(), 10'000u);
    b2().stream(wire::InboxAck{client_id, term, {1}});
    world.run();
  }
  EXPECT_EQ(world.stats().inbox_bytes, 0u);
  // Ten entries and the body went, ten cursors came, one more `taken`.
  EXPECT_LE(world.store.size(), with_body);
  world.restart();
  EXPECT_EQ(world.stats().unreadable, 0u);
}

TEST_F(InboxTest, WithoutCreditEntriesWait) {
  Options options;
  options.links.window_bytes = 100'000;
  options.inbox_max_bytes = 64 << 20;
  World small(options);
  Peer& holder = small.broker("b1", 11);
  Peer& publisher = small.broker("b2", 22);
  attach(holder, "device", 1, {"a"});
  holder.cut = true;
  for (int i = 0; i < 100; ++i) {
    publisher.stream(wire::Publish{publication("a", std::string(100'000, 'x'))});
  }
  small.run();
  EXPECT_EQ(small.stats().inbox_entries, 100u);
  holder.cut = false;
  small.advance_ms(5000);
  EXPECT_EQ(numbers(holder.take_all<wire::Deliver>()).size(), 100u);
}

class BoundedInboxTest : public InboxTest {
 protected:
  BoundedInboxTest() : InboxTest({.inbox_max_messages = 5, .inbox_max_bytes = 10'000}) {}
};

TEST_F(BoundedInboxTest, AFullOneRefusesTheNewEntryAndThePublisherIsAcknowledged) {
  attach(b1(), "full", 1, {"a"});
  attach(b1(), "other", 2, {"a"});
  b1().stream(wire::InboxAck{"other", Term{}, {}});
  publish("a", 5);
  for (wire::Deliver& deliver : b1().take_all<wire::Deliver>()) {
    if (deliver.client_id != "other") continue;
    wire::InboxAck ack{"other", deliver.term, {}};
    for (const auto& entry : deliver.entries) ack.numbers.push_back(entry.number);
    b1().stream(ack);
  }
  world.run();
  const uint64_t number = b2().stream(wire::Publish{publication("a", "6")});
  world.run();
  EXPECT_EQ(b2().acknowledged, number);
  EXPECT_EQ(world.stats().inbox_refused, 1u);
  const auto delivers = b1().take_all<wire::Deliver>();
  ASSERT_EQ(delivers.size(), 1u);
  EXPECT_EQ(delivers[0].client_id, "other");
}

TEST_F(BoundedInboxTest, BytesAreBoundedToo) {
  attach(b1(), "device", 1, {"a"});
  publish(publication("a", std::string(6000, 'x')));
  publish(publication("a", std::string(6000, 'y')));
  publish(publication("a", "small"));
  EXPECT_EQ(world.stats().inbox_refused, 1u);
  EXPECT_EQ(world.stats().inbox_entries, 2u);
}

TEST_F(BoundedInboxTest, WhatHasExpiredMakesRoom) {
  const Term term = attach(b1(), "device", 1, {"a"});
  b1().stream(gone("device", 1, GoneReason::connection_lost, term));
  world.run();
  for (int i = 0; i < 5; ++i) {
    wire::Publication brief = publication("a", "brief");
    brief.expiry_s = 5;
    publish(brief);
  }
  world.advance_ms(6000);
  publish(publication("a", "new"));
  EXPECT_EQ(world.stats().inbox_refused, 0u);
  EXPECT_EQ(world.stats().inbox_entries, 1u);
}

class AllInboxesTest : public InboxTest {
 protected:
  AllInboxesTest() : InboxTest({.inboxes_max_bytes = 5000}) {}
};

TEST_F(AllInboxesTest, AllTogetherAreBounded) {
  attach(b1(), "one", 1, {"a"});
  attach(b1(), "two", 2, {"a"});
  publish(publication("a", std::string(3000, 'x')));
  EXPECT_EQ(world.stats().inbox_entries, 1u);
  EXPECT_EQ(world.stats().inbox_refused, 1u);
}

}  // namespace
}  // namespace muster::global::testing
