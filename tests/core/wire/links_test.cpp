// Links, one rule at a time, over a network that does what the test says.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/wire/codec.hpp"
#include "core/wire/links.hpp"
#include "tests/core/wire/network.hpp"

namespace muster::wire {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Network;

NodeInfo node(const std::string& name, Role role, uint64_t incarnation) {
  return {name, role, Incarnation{incarnation}, "inproc://" + name, "inproc://" + name + ".bulk"};
}

Message item(const std::string& text, size_t size = 0) {
  return Publish{{text, Bytes(size, 'x'), {}, 1, false, no_expiry, {}, 0}, 0};
}

// A broker b (dials) and a global g (does not know b's address), or another broker in its place.
class LinksTest : public ::testing::Test {
 protected:
  LinksTest()
      : net(1, [this](const std::string& name, std::vector<LinkEvent> events) {
          for (LinkEvent& event : events) note(name, std::move(event));
        }) {}

  void start_both(bool durable = false) {
    net.start(node("b", Role::broker, 10), false);
    net.start(node("g", Role::global, 20), durable);
    know_g();
  }
  void know_g() {
    net.turn("b", [&](Links& links) { links.know(net.now(), node("g", Role::global, 0)); });
  }
  void restart_g(uint64_t incarnation, bool durable, uint64_t taken) {
    net.crash("g");
    net.start(node("g", Role::global, incarnation), durable);
    net.links("g").set_taken(Incarnation{10}, taken);
  }
  bool both_up() { return net.running("g") && net.links("b").up("g") && net.links("g").up("b"); }
  bool connect() {
    return net.run_until([this] { return both_up(); }, seconds(10));
  }
  uint64_t stream(const std::string& from, const std::string& to, const Message& message) {
    uint64_t number = 0;
    net.turn(from, [&](Links& links) { number = links.stream(to, message); });
    return number;
  }

  void note(const std::string& name, LinkEvent event) {
    auto& log = logs[name];
    if (const auto* up = std::get_if<PeerUp>(&event)) {
      log.push_back("up " + up->peer.name + (up->fresh ? " fresh" : ""));
    } else if (const auto* down = std::get_if<PeerDown>(&event)) {
      log.push_back("down " + down->peer);
    } else if (const auto* ended = std::get_if<PeerEnded>(&event)) {
      log.push_back("ended " + ended->peer + " " + std::to_string(ended->acknowledged) + " " +
                    std::to_string(ended->last));
    } else if (auto* received = std::get_if<Received>(&event)) {
      const auto* publish = std::get_if<Publish>(&received->message);
      got[name].push_back(
          {received->number, publish ? std::string(publish->publication.topic) : "?"});
      if (publish) payload_bytes += publish->publication.payload.size();
      const auto* claim = std::get_if<Claim>(&received->message);
      if (claim) began.push_back(claim->connected_us);
    } else if (const auto* acknowledged = std::get_if<Acknowledged>(&event)) {
      acks[name] = acknowledged->number;
    }
  }

  using Log = std::vector<std::string>;
  using Got = std::vector<std::pair<uint64_t, std::string>>;
  Network net;
  std::map<std::string, Log> logs;
  std::map<std::string, Got> got;
  std::map<std::string, uint64_t> acks;
  std::vector<int64_t> began;  // of claims
  size_t payload_bytes = 0;
};

TEST_F(LinksTest, OnlyTheDiallerKnowsTheAddress) {
  start_both();
  ASSERT_TRUE(connect());
  EXPECT_EQ(logs["b"], Log{"up g fresh"});
  EXPECT_EQ(logs["g"], Log{"up b fresh"});
  ASSERT_EQ(net.links("g").peers().size(), 1u);
  EXPECT_EQ(net.links("g").peers()[0], node("b", Role::broker, 10));
}

TEST_F(LinksTest, TheGreaterRoleOrNameDials) {
  for (const auto& [self, other, dials] :
       {std::tuple{node("a", Role::broker, 1), node("z", Role::query, 2), true},
        std::tuple{node("z", Role::query, 1), node("a", Role::broker, 2), false},
        std::tuple{node("b2", Role::broker, 1), node("b1", Role::broker, 2), true},
        std::tuple{node("b1", Role::broker, 1), node("b2", Role::broker, 2), false}}) {
    Links links(self, {}, false);
    links.know(net.now(), other);
    links.know(net.now(), other);
    links.finish_turn(net.now());
    const Effects effects = links.take_effects();
    EXPECT_EQ(effects.dials.size(), dials ? 1u : 0u);
    EXPECT_EQ(effects.frames.size(), dials ? 1u : 0u);  // the hello
  }
}

TEST_F(LinksTest, AChangedAddressDialsAgainAndForgetLetsGo) {
  start_both();
  ASSERT_TRUE(connect());
  Links links(node("x", Role::broker, 5), {}, false);
  NodeInfo target = node("g", Role::global, 0);
  links.know(net.now(), target);
  target.talk = "tcp://elsewhere:1";
  links.know(net.now(), target);
  links.forget(net.now(), "g");
  const auto dials = links.take_effects().dials;
  ASSERT_EQ(dials.size(), 3u);
  EXPECT_EQ(dials[1].talk, "tcp://elsewhere:1");
  EXPECT_EQ(dials[2].talk, "");
}

TEST_F(LinksTest, ItemsArriveOnceInOrderAndAreAcknowledged) {
  start_both();
  stream("b", "g", item("before"));  // waits for the first hello
  ASSERT_TRUE(connect());
  for (int i = 0; i < 100; ++i) stream("b", "g", item(std::to_string(i)));
  net.run(seconds(1));
  ASSERT_EQ(got["g"].size(), 101u);
  EXPECT_EQ(got["g"][0], (std::pair<uint64_t, std::string>(1, "before")));
  for (uint64_t i = 1; i <= 100; ++i) {
    EXPECT_EQ(got["g"][i], (std::pair(i + 1, std::to_string(i - 1))));
  }
  EXPECT_EQ(acks["b"], 101u);
  EXPECT_EQ(net.links("b").waiting_bytes("g"), 0u);
}

TEST_F(LinksTest, TalkAndBulkAreUnnumberedAndLostWhenDown) {
  start_both();
  net.turn("b", [](Links& links) { links.talk("g", item("lost")); });
  ASSERT_TRUE(connect());
  net.turn("b", [](Links& links) {
    links.talk("g", item("talk"));
    links.bulk("g", item("bulk"));
    links.bulk("g", item("large", 3 << 20));
  });
  net.run(seconds(1));
  Got sorted = got["g"];
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (Got{{0, "bulk"}, {0, "large"}, {0, "talk"}}));
  EXPECT_EQ(payload_bytes, 3u << 20);
}

TEST_F(LinksTest, SilenceIsDownAndTheSameIncarnationResumes) {
  start_both();
  ASSERT_TRUE(connect());
  net.cut("b", "g");
  net.cut("g", "b");
  const uint64_t number = stream("b", "g", item("kept"));
  ASSERT_TRUE(net.run_until([&] { return !net.links("b").up("g") && !net.links("g").up("b"); },
                            seconds(4)));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g"}));
  net.heal();
  ASSERT_TRUE(connect());
  net.run(seconds(1));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "up g"}));
  EXPECT_EQ(logs["g"], (Log{"up b fresh", "down b", "up b"}));
  EXPECT_EQ(got["g"], (Got{{number, "kept"}}));
}

TEST_F(LinksTest, OneDeafSideIsNoticedAndHealed) {
  start_both();
  ASSERT_TRUE(connect());
  net.cut("b", "g");  // g hears nothing, b hears everything
  stream("b", "g", item("kept"));
  ASSERT_TRUE(net.run_until([&] { return !net.links("g").up("b"); }, seconds(4)));
  net.heal();
  ASSERT_TRUE(connect());
  net.run(seconds(2));
  EXPECT_EQ(got["g"], (Got{{1, "kept"}}));
}

TEST_F(LinksTest, ANewIncarnationEndsTheStream) {
  start_both();
  ASSERT_TRUE(connect());
  stream("b", "g", item("taken"));
  net.run(seconds(1));
  net.cut("b", "g");
  stream("b", "g", item("dropped"));
  restart_g(21, false, 0);
  net.heal();
  ASSERT_TRUE(net.run_until([&] { return logs["b"].size() == 4; }, seconds(5)));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "ended g 1 2", "up g fresh"}));
  EXPECT_EQ(stream("b", "g", item("new")), 1u);
  net.run(seconds(1));
  EXPECT_EQ(got["g"], (Got{{1, "taken"}, {1, "new"}}));
}

TEST_F(LinksTest, ADurablePeerGoesOnBehindWhatItStored) {
  start_both(true);
  ASSERT_TRUE(connect());
  for (int i = 1; i <= 5; ++i) stream("b", "g", item(std::to_string(i)));
  net.run(seconds(1));
  ASSERT_EQ(got["g"].size(), 5u);
  EXPECT_EQ(acks["b"], 0u);  // nothing is stored yet
  EXPECT_GT(net.links("b").waiting_bytes("g"), 0u);
  net.turn("g", [](Links& links) { links.acknowledge("b", Incarnation{10}, 3); });
  net.run(seconds(1));
  EXPECT_EQ(acks["b"], 3u);
  restart_g(21, true, 4);  // stored, but not acknowledged
  ASSERT_TRUE(net.run_until([&] { return logs["b"].size() == 3; }, seconds(5)));
  net.run(seconds(1));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "up g"}));
  EXPECT_EQ(acks["b"], 4u);
  ASSERT_EQ(got["g"].size(), 6u);
  EXPECT_EQ(got["g"][5], (std::pair<uint64_t, std::string>(5, "5")));
  net.turn("g", [](Links& links) { links.acknowledge("b", Incarnation{9}, 5); });  // not its number
  net.run(seconds(1));
  EXPECT_EQ(acks["b"], 4u);
}

TEST_F(LinksTest, ADurablePeerThatLostItsStoreEndsTheStream) {
  start_both(true);
  ASSERT_TRUE(connect());
  for (int i = 1; i <= 5; ++i) stream("b", "g", item(std::to_string(i)));
  net.run(seconds(1));
  net.turn("g", [](Links& links) { links.acknowledge("b", Incarnation{10}, 4); });
  net.run(seconds(1));
  restart_g(21, true, 2);
  ASSERT_TRUE(net.run_until([&] { return logs["b"].size() == 4; }, seconds(5)));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "ended g 4 5", "up g fresh"}));
  EXPECT_EQ(stream("b", "g", item("new")), 3u);  // behind what the peer has
  net.run(seconds(1));
  EXPECT_EQ(got["g"].back(), (std::pair<uint64_t, std::string>(3, "new")));
}

TEST_F(LinksTest, EndPeerStartsBothSidesAfresh) {
  start_both();
  ASSERT_TRUE(connect());
  stream("b", "g", item("one"));
  stream("g", "b", item("two"));
  net.run(seconds(1));
  net.turn("g", [](Links& links) { links.end_peer("b"); });
  EXPECT_FALSE(net.links("g").up("b"));
  ASSERT_TRUE(connect());
  net.run(seconds(1));
  EXPECT_EQ(logs["g"], (Log{"up b fresh", "down b", "ended b 1 1", "up b fresh"}));
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "ended g 1 1", "up g fresh"}));
  EXPECT_EQ(stream("b", "g", item("three")), 1u);
  EXPECT_EQ(stream("g", "b", item("four")), 1u);
  net.run(seconds(1));
  EXPECT_EQ(got["g"], (Got{{1, "one"}, {1, "three"}}));
  EXPECT_EQ(got["b"], (Got{{1, "two"}, {1, "four"}}));
}

TEST_F(LinksTest, RenewStartsEveryStreamAnew) {
  start_both(true);
  ASSERT_TRUE(connect());
  stream("b", "g", item("one"));
  net.run(seconds(1));
  net.turn("b", [&](Links& links) { links.renew(net.now(), Incarnation{11}); });
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "ended g 0 1"}));
  ASSERT_TRUE(net.run_until([&] { return logs["g"].size() == 4; }, seconds(5)));
  EXPECT_EQ(logs["g"], (Log{"up b fresh", "down b", "ended b 0 0", "up b fresh"}));
  EXPECT_EQ(stream("b", "g", item("two")), 1u);
  net.run(seconds(1));
  EXPECT_EQ(got["g"], (Got{{1, "one"}, {1, "two"}}));
}

TEST_F(LinksTest, ForgetEndsAndTheOtherMayComeBack) {
  start_both();
  ASSERT_TRUE(connect());
  stream("b", "g", item("one"));
  net.run(seconds(1));
  net.turn("b", [&](Links& links) { links.forget(net.now(), "g"); });
  EXPECT_EQ(logs["b"], (Log{"up g fresh", "down g", "ended g 1 1"}));
  net.run(seconds(5));
  EXPECT_FALSE(net.links("g").up("b"));
  know_g();
  ASSERT_TRUE(connect());
  EXPECT_EQ(stream("b", "g", item("two")), 1u);
  net.run(seconds(1));
  EXPECT_EQ(got["g"], (Got{{1, "one"}, {1, "two"}}));
}

TEST_F(LinksTest, CreditIsOnlyForPayloads) {
  net.start(node("b", Role::broker, 10), false, {.window_bytes = 1000});
  Links& links = net.links("b");
  links.know(net.now(), node("g", Role::global, 0));
  for (int i = 0; i < 1000; ++i) links.stream("g", Routes{1, false, {"a/b/c"}, {}});
  EXPECT_GT(links.waiting_bytes("g"), 5000u);
  EXPECT_TRUE(links.credit("g"));
  links.stream("g", item("large", 1000));
  EXPECT_FALSE(links.credit("g"));
  net.start(node("g", Role::global, 20), false);
  net.turn("b");
  ASSERT_TRUE(connect());
  net.run(seconds(1));
  EXPECT_TRUE(links.credit("g"));
}

TEST_F(LinksTest, ALargePayloadTravelsInPiecesBetweenHeartbeats) {
  start_both();
  ASSERT_TRUE(connect());
  stream("b", "g", item("small"));
  const uint64_t number = stream("b", "g", item("large", 200 << 20));
  stream("b", "g", item("after"));
  ASSERT_TRUE(net.run_until([&] { return got["g"].size() == 3; }, seconds(60)));
  EXPECT_EQ(got["g"], (Got{{1, "small"}, {number, "large"}, {number + 1, "after"}}));
  EXPECT_EQ(payload_bytes, 200u << 20);
  EXPECT_LE(net.largest_frame, frame_limit);
  EXPECT_EQ(logs["g"], Log{"up b fresh"});
  EXPECT_LT(net.bytes_sent, 230u << 20);  // hardly anything was sent twice
  net.run(seconds(1));
  EXPECT_EQ(acks["b"], number + 1);
}

TEST_F(LinksTest, ABrokenConnectionLosesNothing) {
  start_both();
  ASSERT_TRUE(connect());
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) stream("b", "g", item(std::to_string(round * 10 + i), 50'000));
    net.break_connection("b", "g", Channel::bulk);
    net.run(milliseconds(net.random(300)));
  }
  net.run(seconds(20));
  ASSERT_EQ(got["g"].size(), 500u);
  for (uint64_t i = 0; i < 500; ++i) EXPECT_EQ(got["g"][i].second, std::to_string(i));
  EXPECT_EQ(logs["g"], Log{"up b fresh"});
}

TEST_F(LinksTest, NoStormWhenNothingMoves) {
  start_both();
  ASSERT_TRUE(connect());
  net.run(seconds(1));
  uint64_t bulk_frames = 0;
  net.swallows = [&](const std::string&, const OutFrame& frame) {
    bulk_frames += frame.channel == Channel::bulk;
    return frame.channel == Channel::bulk;
  };
  for (int i = 0; i < 500; ++i) stream("b", "g", item("x", 1'000));
  EXPECT_EQ(bulk_frames, 256u);  // the window
  net.run(seconds(30));
  EXPECT_LE(bulk_frames, 256u + 12u);  // then one frame at a time, more and more seldom
  EXPECT_EQ(logs["b"], Log{"up g fresh"});
  net.swallows = {};
  net.run(seconds(5));
  EXPECT_EQ(got["g"].size(), 500u);
}

TEST_F(LinksTest, ASlowStoreIsNoReasonToSendAgain) {
  start_both(true);
  ASSERT_TRUE(connect());
  for (int i = 0; i < 10; ++i) stream("b", "g", item("x", 100'000));
  net.run(seconds(1));
  const uint64_t bytes = net.bytes_sent;
  net.run(seconds(30));  // nothing is acknowledged, everything is seen
  EXPECT_LT(net.bytes_sent - bytes, 50'000u);
  net.turn("g", [](Links& links) { links.acknowledge("b", Incarnation{10}, 10); });
  net.run(seconds(1));
  EXPECT_EQ(acks["b"], 10u);
}

TEST_F(LinksTest, AClaimIsAsOldAsItsConnectionHoweverLongItWaits) {
  start_both();
  Claim claim;
  claim.client_id = Bytes(65'535, 'c');
  claim.connected_us = net.now().mono.time_since_epoch().count();
  stream("b", "g", claim);
  claim.will.emplace().publication.payload = Bytes(1 << 20, 'w');  // in pieces
  stream("b", "g", claim);
  net.cut("b", "g");
  net.run(seconds(3));
  net.heal();
  ASSERT_TRUE(connect());
  net.run(seconds(1));
  ASSERT_EQ(began.size(), 2u);
  for (const int64_t at : began) {
    EXPECT_GE(at, claim.connected_us);
    EXPECT_LE(at, claim.connected_us + Duration(milliseconds(100)).count());  // of one frame's way
  }
}

TEST_F(LinksTest, OurOwnSleepIsNotTheirSilence) {
  start_both();
  ASSERT_TRUE(connect());
  Links& b = net.links("b");
  const Now later{net.now().mono + seconds(30), {}};
  b.tick(later);
  EXPECT_TRUE(b.up("g"));
}

TEST_F(LinksTest, StrangersAndGarbageAreDropped) {
  start_both();
  ASSERT_TRUE(connect());
  Links& b = net.links("b");
  for (const char* bytes : {"", "\xc1", "\x90", "\x91\xa1g", "\x05"}) {
    b.receive(net.now(), {"g", Channel::bulk, bytes});
    b.receive(net.now(), {"nobody", Channel::talk, bytes});
  }
  EXPECT_EQ(b.next_event(), nullptr);
  EXPECT_TRUE(b.up("g"));
  EXPECT_EQ(b.peers().size(), 1u);
}

}  // namespace
}  // namespace muster::wire
