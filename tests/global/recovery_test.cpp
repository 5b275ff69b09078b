// Global killed at any commit, in a world of devices, publishers and restarts from one seed: what
// was acknowledged is there, terms and numbers never go back, wills come exactly once.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/global/world.hpp"

namespace muster::global::testing {
namespace {

using wire::GoneReason;

// A broker in short: it attaches devices, acknowledges what it gets, publishes.
class History {
 public:
  explicit History(uint64_t seed, bool power) : random_(seed), power_(power) {
    world.options.sync = power;
    world.restart();
    world.broker("b1", 11);
    world.broker("b2", 22);
  }

  uint64_t pick(uint64_t below) { return random_() % below; }

  void run(int steps) {
    for (int i = 0; i < devices; ++i) attach(i);
    world.run();  // subscribed
    for (int step = 0; step < steps; ++step) {
      world.hold_commits = pick(2) == 0;
      act();
      if (pick(3) == 0) world.commit();
      if (pick(25) == 0) crash();
      read();
    }
    world.hold_commits = false;
    while (world.commit()) world.run();
    settle();
  }

  World world;
  std::map<int, std::vector<std::string>> arrived;  // first arrivals, by device
  std::map<int, std::set<uint64_t>> seen;           // numbers
  std::map<int, std::map<uint64_t, std::string>> by_number;
  std::map<std::string, int> wills;  // by broker and topic
  std::vector<std::string> acknowledged;
  int lost_wills = 0;

 private:
  static constexpr int devices = 4;
  struct Device {
    uint64_t serial = 0;
    Term term = Term::none;
    std::string broker = "b1";
    std::set<uint64_t> open;  // received, not acknowledged
  };

  static std::string name(int device) { return "device" + std::to_string(device); }

  void attach(int i) {
    Device& device = all_[i];
    device.serial = ++serial_;
    device.broker = pick(2) == 0 ? "b1" : "b2";
    device.term = Term::none;
    device.open.clear();
    wire::Claim claim = persistent_claim(name(i), device.serial);
    if (pick(2) == 0) claim.will = will("will" + std::to_string(device.serial));
    if (claim.will) will_of_[i] = std::string(claim.will->publication.topic);
    world.peer(device.broker).stream(claim);
    world.run();
    read();
  }

  void act() {
    const int i = static_cast<int>(pick(devices));
    Device& device = all_[i];
    Peer& broker = world.peer(device.broker);
    switch (pick(8)) {
      case 0:
        broker.stream(gone(name(i), device.serial, GoneReason::connection_lost, device.term));
        if (will_of_.contains(i)) expected_.insert(will_of_[i]);
        will_of_.erase(i);
        world.run();
        attach(i);
        break;
      case 1:
      case 2:
        if (device.term != Term::none && !device.open.empty()) {
          broker.stream(
              wire::InboxAck{name(i), device.term, {device.open.begin(), device.open.end()}});
          device.open.clear();
        }
        break;
      default: {
        Peer& publisher = world.peer(pick(2) == 0 ? "b1" : "b2");
        const std::string text = std::to_string(++published_);
        const uint64_t number = publisher.stream(wire::Publish{publication("all", text)});
        sent_[&publisher].emplace_back(number, text);
      }
    }
    world.run();
  }

  void read() {
    for (const char* broker : {"b1", "b2"}) {
      Peer& peer = world.peer(broker);
      for (wire::Message& message : std::exchange(peer.received, {})) {
        if (auto* grant = std::get_if<wire::Grant>(&message)) granted(peer, broker, *grant);
        if (auto* deliver = std::get_if<wire::Deliver>(&message)) delivered(*deliver);
        if (auto* publish = std::get_if<wire::Publish>(&message)) {
          if (publish->way != wire::ShareWay::none) continue;  // for groups
          if (will_numbers_[broker].insert(publish->will).second) {
            ++wills[broker + std::string(publish->publication.topic)];
          }
        }
      }
      auto& sent = sent_[&peer];
      while (!sent.empty() && sent.front().first <= peer.acknowledged) {
        acknowledged.push_back(sent.front().second);
        sent.erase(sent.begin());
      }
    }
  }

  void granted(Peer& peer, const std::string& broker, const wire::Grant& grant) {
    const int i = grant.client_id.back() - '0';
    Device& device = all_[i];
    if (device.serial != static_cast<uint64_t>(grant.serial) || device.broker != broker) return;
    EXPECT_GE(grant.term, last_terms_[i]) << "terms never go back";
    if (grant.term > device.term) device.open.clear();
    device.term = last_terms_[i] = grant.term;
    if (grant.subscriptions.empty()) {
      peer.stream(
          wire::SubscribeSession{grant.client_id, grant.term, 1, {{.filter = "all", .qos = 1}}});
    }
  }

  void delivered(const wire::Deliver& deliver) {
    const int i = deliver.client_id.back() - '0';
    Device& device = all_[i];
    if (deliver.term != device.term) return;
    for (const wire::InboxEntry& entry : deliver.entries) {
      device.open.insert(entry.number);
      const auto [known, is_new] = by_number[i].emplace(entry.number, entry.publication.payload);
      EXPECT_EQ(known->second, entry.publication.payload) << "a number is used once";
      if (is_new) {
        EXPECT_TRUE(seen[i].empty() || *seen[i].rbegin() < entry.number) << "in order";
        seen[i].insert(entry.number);
        arrived[i].emplace_back(entry.publication.payload);
      } else {
        EXPECT_TRUE(entry.redelivery);
      }
    }
  }

  // The process dies, with what is in flight or without; brokers list what they have.
  void crash() {
    if (power_ && pick(2) == 0) {
      world.crash_power();
    } else {
      world.restart();
    }
    world.hold_commits = false;
    list();
  }

  void list() {
    for (const char* broker : {"b1", "b2"}) {
      Peer& peer = world.peer(broker);
      peer.stream(wire::ClaimsBegin{});
      for (auto& [i, device] : all_) {
        if (device.broker != broker) continue;
        wire::Claim claim = persistent_claim(name(i), device.serial);
        claim.term = device.term;
        if (will_of_.contains(i)) claim.will = will(will_of_[i]);
        peer.stream(claim);
      }
      peer.stream(wire::ClaimsEnd{});
    }
    world.advance_ms(3000);
    read();
  }

  void settle() {
    for (int round = 0; round < 10; ++round) {
      world.advance_ms(1000);
      read();
      for (auto& [i, device] : all_) {
        if (device.open.empty()) continue;
        world.peer(device.broker)
            .stream(wire::InboxAck{name(i), device.term, {device.open.begin(), device.open.end()}});
        device.open.clear();
      }
    }
    EXPECT_EQ(world.stats().inbox_entries, 0u);
    EXPECT_EQ(world.stats().unreadable, 0u);
    EXPECT_EQ(world.stats().publications, 0u);
    for (const std::string& topic : expected_) {
      for (const char* broker : {"b1", "b2"}) EXPECT_EQ(wills[broker + topic], 1) << topic;
    }
    EXPECT_EQ(wills.size(), 2 * expected_.size());
  }

  std::mt19937_64 random_;
  bool power_;
  std::map<int, Device> all_;
  std::map<int, std::string> will_of_;
  std::set<std::string> expected_;  // wills that must have come
  std::map<std::string, std::set<uint64_t>> will_numbers_;
  std::map<Peer*, std::vector<std::pair<uint64_t, std::string>>> sent_;
  uint64_t serial_ = 0;
  uint64_t published_ = 0;
  std::map<int, Term> last_terms_;
};

void check(uint64_t seed, bool power) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  History history(seed, power);
  history.run(150);
  for (int i = 0; i < 4; ++i) {
    const std::set<std::string> arrived(history.arrived[i].begin(), history.arrived[i].end());
    EXPECT_EQ(arrived.size(), history.arrived[i].size()) << "each once";
    for (const std::string& text : history.acknowledged) {
      EXPECT_TRUE(arrived.contains(text)) << "lost " << text << " for device " << i;
    }
  }
  EXPECT_GT(history.acknowledged.size(), 20u);
}

TEST(RecoveryTest, NothingIsLostThoughTheProcessDies) {
  for (uint64_t seed = 1; seed <= 60; ++seed) check(seed, false);
}

TEST(RecoveryTest, NothingIsLostThoughPowerFails) {
  for (uint64_t seed = 1001; seed <= 1030; ++seed) check(seed, true);
}

TEST(RecoveryTest, ARepairedStoreStartsAndForgetsWhatBelongsToNothing) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  const Term term = attach(b1, "device", 1, {"a"});
  b1.stream(wire::Publish{publication("a", std::string(1000, 'x'))});
  world.run();
  world.stop_global();
  // The session's own record is lost, and one is not what it should be.
  store::Batch loss;
  const auto done = world.store.scan("", [&](BytesView key, BytesView) {
    if (key[2] == 's') loss.erase(key);
    if (key[2] == 'k') loss.put(key, "nonsense");
    return true;
  });
  ASSERT_TRUE(done.has_value());
  ASSERT_EQ(
      std::count_if(loss.writes.begin(), loss.writes.end(), [](auto& it) { return it.deletes; }),
      1);
  ASSERT_TRUE(world.store.commit(loss, true));
  world.repaired = true;
  world.start_global();
  EXPECT_EQ(world.stats().sessions, 0u);
  EXPECT_GE(world.stats().unreadable, 2u);
  world.advance_ms(3000);
  EXPECT_GT(attach(b1, "device", 2, {"a"}), Term{static_cast<uint64_t>(term) + (1ull << 32)});
  world.repaired = false;
  world.restart();
  EXPECT_EQ(world.stats().unreadable, 0u);
  EXPECT_EQ(world.stats().sessions, 1u);
}

// What a damaged store may lose: every record of this kind.
void lose(World& world, char kind) {
  world.stop_global();
  store::Batch loss;
  const auto done = world.store.scan("", [&](BytesView key, BytesView) {
    if (key[2] == kind) loss.erase(key);
    return true;
  });
  ASSERT_TRUE(done.has_value());
  ASSERT_FALSE(loss.empty());
  ASSERT_TRUE(world.store.commit(loss, true));
  world.repaired = true;
  world.start_global();
}

// Told that its session is there it would believe that it is subscribed.
TEST(RecoveryTest, ASessionThatLostSubscriptionsIsNotSaidToBePresent) {
  for (bool restarts_again : {false, true}) {
    World world;
    Peer& b1 = world.broker("b1", 11);
    const Term term = attach(b1, "device", 1, {"a", "b"});
    attach(b1, "other", 2);
    b1.stream(gone("device", 1, GoneReason::disconnected, term));
    b1.stream(wire::Publish{publication("a", "kept")});
    world.run();
    lose(world, 'f');
    world.repaired = false;
    if (restarts_again) world.restart();
    world.run();
    b1.received.clear();
    b1.stream(persistent_claim("device", 3));
    world.run();
    auto grant = b1.take<wire::Grant>();
    ASSERT_TRUE(grant);
    EXPECT_FALSE(grant->session_present);
    EXPECT_TRUE(grant->subscriptions.empty());
    EXPECT_EQ(payloads(b1.take_all<wire::Deliver>()), std::vector<std::string>{"kept"});
    // It is whole again, and nobody else was touched.
    b1.stream(gone("device", 3, GoneReason::disconnected, grant->term));
    b1.stream(persistent_claim("device", 4));
    world.run();
    grant = b1.take<wire::Grant>();
    ASSERT_TRUE(grant);
    EXPECT_TRUE(grant->session_present);
    EXPECT_FALSE(b1.take<wire::Evict>());
  }
}

TEST(RecoveryTest, ALiveConnectionWhoseSessionWasLostMustComeAgain) {
  for (char kind : {'s', 'f'}) {
    World world;
    Peer& b1 = world.broker("b1", 11);
    const Term term = attach(b1, "device", 1, {"a"});
    lose(world, kind);
    world.run();
    b1.received.clear();
    wire::Claim again = persistent_claim("device", 1);
    again.term = term;
    b1.stream(again);
    world.run();
    EXPECT_FALSE(b1.take<wire::Grant>());
    const auto evict = b1.take<wire::Evict>();
    ASSERT_TRUE(evict);
    EXPECT_EQ(evict->serial, Serial{1});
    b1.stream(gone("device", 1, GoneReason::taken_over, term));
    b1.stream(persistent_claim("device", 2));
    world.run();
    const auto grant = b1.take<wire::Grant>();
    ASSERT_TRUE(grant);
    EXPECT_FALSE(grant->session_present);
  }
}

TEST(RecoveryTest, SubscriptionsThatChangedAreNotTakenForDamage) {
  World world;
  Peer& b1 = world.broker("b1", 11);
  const Term term = attach(b1, "device", 1, {"a", "b", "c"});
  wire::Subscription other;
  other.filter = "a";
  b1.stream(wire::SubscribeSession{"device", term, 50, {other}});
  b1.stream(wire::UnsubscribeSession{"device", term, 51, {"b", "none"}});
  b1.stream(gone("device", 1, GoneReason::disconnected, term));
  world.run();
  world.restart();
  world.run();
  b1.stream(persistent_claim("device", 2));
  world.run();
  const auto grant = b1.take<wire::Grant>();
  ASSERT_TRUE(grant);
  EXPECT_TRUE(grant->session_present);
  EXPECT_EQ(grant->subscriptions.size(), 2u);
}

}  // namespace
}  // namespace muster::global::testing
