// QoS 2 at global: what a device has received, and what a publisher has not released.

#include <gtest/gtest.h>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

struct Qos2Test : ::testing::Test {
  Qos2Test() {
    world.broker("b1", 11);
    world.broker("b2", 22);
    world.run();
  }
  Peer& b1() { return world.peer("b1"); }
  Peer& b2() { return world.peer("b2"); }

  Term subscribe(Peer& peer, const std::string& client_id, uint64_t serial) {
    const Term term = attach(peer, client_id, serial);
    peer.stream(wire::SubscribeSession{client_id, term, 9, {{"a", 2, false, false, 0, 0}}});
    world.run();
    EXPECT_TRUE(peer.take<wire::SubscribeDone>());
    return term;
  }
  void publish(Peer& from, Term term, uint16_t packet_id, const std::string& payload) {
    wire::Publication one = publication("a", payload, 2);
    one.publisher = "pub";
    from.stream(wire::Publish{one, 0, term, packet_id});
    world.run();
  }
  wire::Grant move(Peer& to, const std::string& client_id, uint64_t serial) {
    to.stream(persistent_claim(client_id, serial));
    world.run();
    const auto grant = to.take<wire::Grant>();
    EXPECT_TRUE(grant);
    return grant.value_or(wire::Grant{});
  }
  std::vector<std::string> arrived(Peer& peer) { return payloads(peer.take_all<wire::Deliver>()); }

  bool stored(char kind) {  // any record of it
    bool found = false;
    EXPECT_TRUE(world.store.scan("", [&](BytesView key, BytesView) {
      found = found || key[2] == kind;
      return true;
    }));
    return found;
  }

  World world;
};

using Ids = std::vector<uint16_t>;

TEST_F(Qos2Test, WhatADeviceHasReceivedComesAgainAsReleased) {
  const Term first = subscribe(b1(), "device", 1);
  b2().stream(wire::Publish{publication("a", "x", 2)});
  world.run();
  auto deliver = b1().take<wire::Deliver>();
  ASSERT_TRUE(deliver);
  EXPECT_EQ(deliver->entries.at(0).publication.qos, 2);
  EXPECT_FALSE(deliver->entries.at(0).released);
  world.hold_commits = true;
  b1().stream(wire::InboxAck{"device", first, {}, {1}});
  world.run();
  EXPECT_FALSE(b1().take<wire::InboxReleased>());  // not before it is stored
  world.hold_commits = false;
  world.run();
  EXPECT_EQ(b1().take<wire::InboxReleased>()->numbers, std::vector<uint64_t>{1});

  world.restart();
  world.run();
  b1().stream(gone("device", 1, wire::GoneReason::connection_lost, first));
  const Term second = move(b2(), "device", 1).term;
  deliver = b2().take<wire::Deliver>();
  ASSERT_TRUE(deliver);
  EXPECT_TRUE(deliver->entries.at(0).released);
  b2().stream(wire::InboxAck{"device", second, {1}});
  world.run();
  EXPECT_EQ(world.stats().inbox_entries, 0u);
  EXPECT_FALSE(stored('x'));
}

TEST_F(Qos2Test, APublicationThatComesAgainIsAppendedOnce) {
  subscribe(b2(), "device", 1);
  const Term term = attach(b1(), "pub", 1);
  publish(b1(), term, 7, "x");
  publish(b1(), term, 7, "x");
  EXPECT_EQ(arrived(b2()), std::vector<std::string>{"x"});
  b1().stream(wire::PublishReleased{"pub", term, 7});
  publish(b1(), term, 7, "y");
  EXPECT_EQ(arrived(b2()), std::vector<std::string>{"y"});
}

TEST_F(Qos2Test, TheNextBrokerIsToldWhatWasNotReleased) {
  const Term term = attach(b1(), "pub", 1);
  publish(b1(), term, 7, "x");
  publish(b1(), term, 8, "y");
  b1().stream(wire::PublishReleased{"pub", term, 8});
  world.run();
  world.restart();
  world.run();
  b1().stream(gone("pub", 1, wire::GoneReason::connection_lost, term));
  world.run();
  const wire::Grant grant = move(b2(), "pub", 1);
  EXPECT_EQ(grant.received, Ids{7});
  EXPECT_EQ(grant.unsettled, Ids{});  // its broker had said that everybody has it
}

TEST_F(Qos2Test, ABrokerThatDiedOrWasStoppedLeavesItUnsettled) {
  const Term term = attach(b1(), "pub", 1);
  publish(b1(), term, 7, "x");
  wire::Gone last = gone("pub", 1, wire::GoneReason::server_shutdown, term);
  last.unsettled = true;
  b1().stream(last);
  world.run();
  const Term second = move(b2(), "pub", 1).term;
  publish(b2(), second, 8, "y");
  world.remove("b2");
  world.broker("b2", 23);
  world.run();
  const wire::Grant grant = move(b1(), "pub", 2);
  EXPECT_EQ(grant.received, (Ids{7, 8}));
  EXPECT_EQ(grant.unsettled, (Ids{7, 8}));
  // Said Gone: what came in this connection is settled, what came before stays as it is.
  publish(b1(), grant.term, 9, "z");
  b1().stream(gone("pub", 2, wire::GoneReason::connection_lost, grant.term));
  world.run();
  const wire::Grant next = move(b2(), "pub", 1);
  EXPECT_EQ(next.received, (Ids{7, 8, 9}));
  EXPECT_EQ(next.unsettled, (Ids{7, 8}));
}

TEST_F(Qos2Test, WhatAFormerConnectionSaysGoesNowhere) {
  subscribe(b2(), "device", 1);
  const Term first = attach(b1(), "pub", 1);
  b1().stream(gone("pub", 1, wire::GoneReason::connection_lost, first));
  world.run();
  const Term second = move(b2(), "pub", 2).term;
  publish(b1(), first, 7, "late");
  EXPECT_EQ(arrived(b2()), std::vector<std::string>{});
  publish(b2(), second, 7, "x");
  b1().stream(wire::PublishReleased{"pub", first, 7});
  publish(b2(), second, 7, "x");
  EXPECT_EQ(arrived(b2()), std::vector<std::string>{"x"});
}

TEST_F(Qos2Test, WhatAFormerConnectionSaysGoesNowhereAlsoWhenTheSessionIsOver) {
  subscribe(b2(), "device", 1);
  const Term first = attach(b1(), "pub", 1);
  b1().stream(gone("pub", 1, wire::GoneReason::connection_lost, first));
  world.run();
  const Term second = move(b2(), "pub", 2).term;
  publish(b2(), second, 7, "x");
  wire::Gone last = gone("pub", 2, wire::GoneReason::disconnected, second);
  last.session_expiry_s = 0;
  b2().stream(last);
  publish(b1(), first, 7, "x");  // as it came through the second
  publish(b2(), second, 8, "y");
  EXPECT_EQ(arrived(b2()), (std::vector<std::string>{"x", "y"}));
}

TEST_F(Qos2Test, AConnectionUnderANewTermIsTheSame) {
  subscribe(b2(), "device", 1);
  const Term first = attach(b1(), "pub", 1);
  b1().stream(gone("pub", 1, wire::GoneReason::connection_lost, first));
  world.run();
  // Its broker goes on under another serial here, as under another incarnation.
  wire::Claim again = persistent_claim("pub", 2);
  again.term = first;
  b1().stream(again);
  world.run();
  ASSERT_GT(b1().take<wire::Grant>()->term, first);
  publish(b1(), first, 7, "x");  // it waited in the stream meanwhile
  EXPECT_EQ(arrived(b2()), std::vector<std::string>{"x"});
}

TEST_F(Qos2Test, ACleanStartForgetsThem) {
  const Term first = attach(b1(), "pub", 1);
  publish(b1(), first, 7, "x");
  wire::Claim clean = persistent_claim("pub", 2);
  clean.clean_start = true;
  b1().stream(gone("pub", 1, wire::GoneReason::connection_lost, first));
  b1().stream(clean);
  world.run();
  EXPECT_EQ(b1().take<wire::Grant>()->received, Ids{});
  EXPECT_FALSE(stored('q'));
}

}  // namespace
}  // namespace muster::global::testing
