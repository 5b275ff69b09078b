#include "query/replica.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/query/rows.hpp"

namespace muster::query {
namespace {

using namespace testing;

// The newest entry of each device: what rows are, for a replica.
struct FakeRows : Rows {
  void apply(const wire::LogEntry& entry) override {
    put(entry);
    ++applied;
  }
  void begin_snapshot() override { loading.clear(); }
  void load(const wire::LogEntry& entry) override { loading[key(entry)] = entry.number; }
  void end_snapshot(Position) override { newest = loading; }
  void proven(Position at) override { proven_to = at; }
  void resumed(uint64_t era, uint64_t number) override { resumes.push_back({era, number}); }
  void drop_slots_outside(const SlotSet& slots) override {
    std::erase_if(newest, [&](const auto& row) {
      return row.first[0] == 'd' && !slots.test(static_cast<size_t>(slot_of(row.first)));
    });
  }

  void put(const wire::LogEntry& entry) { newest[key(entry)] = entry.number; }
  static std::string key(const wire::LogEntry& entry) {
    if (const auto* device = std::get_if<wire::DeviceRow>(&entry.row)) return device->device;
    return "user " + std::get<wire::UserRow>(entry.row).user;
  }

  std::map<std::string, uint64_t> newest, loading;
  std::vector<Position> resumes;
  Position proven_to;
  int applied = 0;
};

struct ReplicaTest : ::testing::Test {
  Now now() const { return {at, WallTime{}}; }
  wire::ReplicaAsk asked() {
    const auto ask = replica.take_ask();
    EXPECT_TRUE(ask);
    return ask.value_or(wire::ReplicaAsk{});
  }
  wire::Delta delta(std::vector<wire::LogEntry> entries, uint64_t previous, uint64_t end) {
    return {request, log.era, false, std::move(entries), previous, end};
  }
  // A snapshot of two rows; the replica follows from then on.
  void follow() {
    replica.hold(now(), all_slots());
    replica.global_up(now(), Incarnation{1});
    request = asked().request;
    const auto d1 = log.add(online("d1")), d2 = log.add(online("d2"));
    replica.receive(now(), wire::SnapshotPage{request, log.at(), 0, false, {d1}});
    replica.receive(now(), wire::SnapshotPage{request, log.at(), 1, true, {d2}});
    ASSERT_TRUE(replica.ready());
  }
  void expect_gap() {
    EXPECT_EQ(replica.gaps(), 1u);
    const auto ask = asked();
    EXPECT_GT(ask.request, request);
    EXPECT_EQ(ask.have, proven);
  }

  Instant at{std::chrono::seconds(100)};
  Options options;
  FakeRows rows;
  Replica replica{options, rows};
  Log log;
  uint64_t request = 0;
  Position proven{1, 2};  // where follow() ends
};

TEST_F(ReplicaTest, AsksOnceItKnowsItsSlotsAndRepeatsUntilAnswered) {
  replica.global_up(now(), Incarnation{1});
  EXPECT_FALSE(replica.take_ask());
  SlotSet few;
  few.set(3).set(9);
  replica.hold(now(), few);
  const auto first = asked();
  EXPECT_EQ(first.slots, (std::vector<uint16_t>{3, 9}));
  EXPECT_EQ(first.have, (Position{}));
  EXPECT_FALSE(replica.take_ask());
  at = replica.next_wake();
  replica.tick(now());
  EXPECT_EQ(asked().request, first.request) << "nothing came: the same question";
  replica.receive(now(), wire::SnapshotPage{first.request, {1, 1}, 0, false, {}});
  at = replica.next_wake();
  replica.tick(now());
  EXPECT_GT(asked().request, first.request) << "the pages stopped: a new one";
}

TEST_F(ReplicaTest, LoadsASnapshotAndFollows) {
  EXPECT_FALSE(replica.ready());
  follow();
  EXPECT_EQ(replica.as_of(), proven);
  EXPECT_EQ(rows.newest.size(), 2u);
  const auto d3 = log.add(online("d3"));
  at += std::chrono::milliseconds(70);
  EXPECT_EQ(replica.lag(now()), std::chrono::milliseconds(70));
  replica.receive(now(), delta({d3}, 2, 3));
  EXPECT_EQ(replica.as_of(), log.at());
  EXPECT_EQ(replica.lag(now()), Duration::zero());
  replica.receive(now(), delta({d3}, 2, 3));
  EXPECT_EQ(rows.applied, 1) << "a second copy";
}

TEST_F(ReplicaTest, WithoutPositionsInDeltasAHeartbeatProves) {
  follow();
  replica.receive(now(), delta({log.add(online("d3"))}, 0, 0));
  EXPECT_EQ(rows.applied, 1);
  EXPECT_EQ(replica.as_of(), proven);
  replica.receive(now(), log.heartbeat());
  EXPECT_EQ(replica.as_of(), log.at());
}

TEST_F(ReplicaTest, NoticesALostDeltaByTheChain) {
  follow();
  log.add(online("d3"));
  replica.receive(now(), delta({log.add(online("d4"))}, 3, 4));
  expect_gap();
}

TEST_F(ReplicaTest, NoticesALostDeltaByPreviousOfTheSlot) {
  follow();
  log.add(online("d1", "ann", broker_1, 2));
  replica.receive(now(), delta({log.add(online("d1", "ann", broker_1, 3))}, 0, 0));
  expect_gap();
  EXPECT_EQ(rows.applied, 0);
}

TEST_F(ReplicaTest, NoticesALostDeltaByAHeartbeat) {
  follow();
  log.add(online("d3"));
  replica.receive(now(), log.heartbeat());
  expect_gap();
}

TEST_F(ReplicaTest, AHeartbeatThatDoesNotListAllSlotsProvesNothing) {
  follow();
  log.skip(5);
  auto heartbeat = log.heartbeat();
  heartbeat.slots.pop_back();
  replica.receive(now(), heartbeat);
  EXPECT_EQ(replica.as_of(), proven);
}

TEST_F(ReplicaTest, ResumesWithoutASnapshot) {
  follow();
  replica.global_down();
  const auto d3 = log.add(online("d3"));
  replica.global_up(now(), Incarnation{1});
  const auto ask = asked();
  EXPECT_EQ(ask.have, proven);
  replica.receive(now(), delta({d3}, 2, 3));
  EXPECT_EQ(rows.applied, 0) << "not the answer";
  replica.receive(now(), wire::Delta{ask.request, 1, true, {d3}, 2, 3});
  EXPECT_EQ(rows.applied, 1);
  EXPECT_EQ(replica.as_of(), log.at());
  EXPECT_EQ(replica.snapshots(), 1u);
  EXPECT_TRUE(rows.resumes.empty()) << "the same era";
}

// What was applied and not proven when global died: the new one must judge the newest number, and
// proof waits for a heartbeat that lists the slot where an entry is missing.
TEST_F(ReplicaTest, TellsANewGlobalTheNewestNumberThatItHas) {
  follow();
  const auto d3 = log.add(online("d3")), d4 = log.add(online("d4"));
  replica.receive(now(), delta({d4}, 0, 0));
  replica.global_down();
  replica.global_up(now(), Incarnation{2});
  const auto ask = asked();
  EXPECT_EQ(ask.have, (Position{1, 4}));
  log.era = 2;
  replica.receive(now(), wire::Delta{ask.request, 2, true, {}, 4, 4});
  EXPECT_EQ(replica.as_of(), (Position{2, 2}));
  EXPECT_EQ(rows.resumes, (std::vector<Position>{{2, 4}}));
  request = ask.request;
  proven = {2, 2};
  replica.receive(now(), log.heartbeat());
  expect_gap();
  (void)d3;
}

TEST_F(ReplicaTest, ALostPageMeansANewQuestion) {
  replica.hold(now(), all_slots());
  replica.global_up(now(), Incarnation{1});
  request = asked().request;
  replica.receive(now(), wire::SnapshotPage{request, {1, 5}, 0, false, {}});
  replica.receive(now(), wire::SnapshotPage{request, {1, 5}, 2, true, {}});
  EXPECT_FALSE(replica.ready());
  EXPECT_GT(asked().request, request);
}

TEST_F(ReplicaTest, HalfASnapshotIsNothingToResumeFrom) {
  follow();
  replica.global_down();
  replica.global_up(now(), Incarnation{1});
  const auto ask = asked();
  replica.receive(now(), wire::SnapshotPage{ask.request, {1, 9}, 0, false, {}});
  EXPECT_FALSE(replica.ready());
  EXPECT_TRUE(replica.held().all()) << "the old rows are still read";
  replica.global_down();
  replica.global_up(now(), Incarnation{1});
  EXPECT_EQ(asked().have, (Position{}));
}

TEST_F(ReplicaTest, FewerSlotsGoOnMoreNeedASnapshot) {
  follow();
  SlotSet half;
  half.set(static_cast<size_t>(slot_of("d1")));
  replica.hold(now(), half);
  EXPECT_EQ(rows.newest.size(), 1u);
  EXPECT_EQ(replica.held(), half);
  auto ask = asked();
  EXPECT_EQ(ask.have, proven);
  replica.receive(now(), wire::Delta{ask.request, 1, true, {}, 2, 2});
  EXPECT_TRUE(replica.ready());
  replica.hold(now(), all_slots());
  EXPECT_FALSE(replica.ready());
  EXPECT_EQ(replica.held(), half) << "until the snapshot is there";
  EXPECT_EQ(asked().have, (Position{}));
}

TEST_F(ReplicaTest, IsBehindWhenNothingProvesIt) {
  follow();
  EXPECT_FALSE(replica.behind(now()));
  at += options.lag_max + Duration(1);
  EXPECT_TRUE(replica.behind(now()));
  EXPECT_TRUE(replica.held().all());
}

// A global that keeps its rows and a channel that loses half of what it says: whatever is proven is
// true at that moment, and once the channel is sound the replica has everything.
class Lossy {
 public:
  explicit Lossy(uint64_t seed) : random_(seed) {
    replica.hold(now(), seed % 2 ? all_slots() : some_slots());
  }

  void run() {
    for (int turn = 0; turn < 600; ++turn) {
      at += std::chrono::milliseconds(100);
      const uint64_t what = random_() % 10;
      if (what < 6) change();
      if (what == 7) global_restarts();
      if (what == 8) replica.hold(now(), random_() % 2 ? all_slots() : some_slots());
      if (what == 9) heartbeat();
      talk(50);
    }
    for (int turn = 0; turn < 40; ++turn) {
      at += std::chrono::milliseconds(100);
      talk(0);
      heartbeat();
    }
    ASSERT_TRUE(replica.ready());
    EXPECT_EQ(rows.newest, truth());
  }

  FakeRows rows;

 private:
  Now now() const { return {at, WallTime{}}; }
  static SlotSet some_slots() {
    SlotSet slots;
    for (size_t slot = 0; slot < slot_count; slot += 2) slots.set(slot);
    return slots;
  }
  bool concerns(const wire::LogEntry& entry) const {
    return entry.slot >= slot_count || slots_.test(entry.slot);
  }
  std::map<std::string, uint64_t> truth() const {
    FakeRows all;
    for (const auto& entry : log_.entries())
      if (concerns(entry)) all.put(entry);
    return all.newest;
  }

  void change() {
    if (random_() % 5 == 0) {
      log_.add(wire::UserRow{"u" + std::to_string(random_() % 5), {}});
    } else {
      log_.add(online("d" + std::to_string(random_() % 50)));
    }
  }
  void global_restarts() {
    ++log_.era;
    log_.skip(100);
    asked_ = 0;
    replica.global_down();
    replica.global_up(now(), Incarnation{log_.era});
  }
  bool lost(int percent) { return static_cast<int>(random_() % 100) < percent; }
  void heartbeat() {
    if (asked_ == 0 || sent_ < log_.entries().size()) return;
    auto heartbeat = log_.heartbeat();
    std::erase_if(heartbeat.slots, [&](const auto& slot) {
      return slot.first < slot_count && !slots_.test(slot.first);
    });
    told_ = log_.at().number;
    if (!lost(30)) replica.receive(now(), heartbeat);
    check();
  }
  void talk(int percent) {
    replica.tick(now());
    if (const auto ask = replica.take_ask(); ask && !lost(percent)) answer(*ask, percent);
    if (asked_ == 0) return;
    wire::Delta delta{asked_, log_.era, false, {}, told_, log_.at().number};
    for (; sent_ < log_.entries().size(); ++sent_)
      if (concerns(log_.entries()[sent_])) delta.entries.push_back(log_.entries()[sent_]);
    if (delta.entries.empty()) return;
    told_ = delta.at;
    if (!lost(percent)) replica.receive(now(), delta);
    check();
  }
  void answer(const wire::ReplicaAsk& ask, int percent) {
    slots_ = to_set(ask.slots);
    asked_ = ask.request;
    sent_ = log_.entries().size();
    told_ = log_.at().number;
    if (ask.have.number > 0 && random_() % 4 != 0) {
      wire::Delta delta{ask.request, log_.era, true, {}, ask.have.number, told_};
      for (const auto& entry : log_.entries())
        if (entry.number > ask.have.number && concerns(entry)) delta.entries.push_back(entry);
      if (!lost(percent)) replica.receive(now(), delta);
      return check();
    }
    uint32_t page = 0;
    for (const auto& entry : log_.entries()) {
      if (!concerns(entry)) continue;
      const uint32_t number = page++;
      if (lost(percent / 25)) continue;
      replica.receive(now(), wire::SnapshotPage{ask.request, log_.at(), number, false, {entry}});
    }
    replica.receive(now(), wire::SnapshotPage{ask.request, log_.at(), page, true, {}});
    check();
  }
  // Every entry up to what is proven is in the rows, or a later one of the same row.
  void check() {
    if (!replica.ready()) return;
    for (const auto& entry : log_.entries()) {
      if (entry.number > replica.as_of().number) continue;
      if (entry.slot < slot_count && !replica.held().test(entry.slot)) continue;
      ASSERT_GE(rows.newest[FakeRows::key(entry)], entry.number)
          << "proven to " << replica.as_of().number;
    }
  }

  std::mt19937_64 random_;
  Instant at{std::chrono::seconds(100)};
  Options options;
  Replica replica{options, rows};
  Log log_;
  SlotSet slots_;
  uint64_t asked_ = 0;
  uint64_t told_ = 0;
  size_t sent_ = 0;
};

TEST(Replica, WhatIsProvenIsTrueOverALossyChannel) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Lossy lossy(seed);
    lossy.run();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace muster::query
