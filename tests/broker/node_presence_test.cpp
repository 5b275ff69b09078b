#include <gtest/gtest.h>

#include <fmt/core.h>

#include "tests/broker/node_query_server.hpp"

namespace muster::broker::node_testing {
namespace {

using wire::Status;

// What one subscriber has been told: the newest for each topic and device, as a client would see
// it.
struct Seen {
  std::map<std::string, std::string> by_topic;
  std::vector<PresenceRows::Row> rows;
};

struct NodePresenceTest : testing::Test {
  World world;
  Log log;
  TestBroker* a = nullptr;
  std::unique_ptr<QueryServer> one, two;
  std::map<uint64_t, Seen> seen;
  std::set<uint64_t> slow;  // subscriptions that do not ask for more
  size_t read_letters = 0;

  void start(Options options = {}) {
    a = &world.broker("a", 1, options);
    one = std::make_unique<QueryServer>(world, log, "query-1");
    two = std::make_unique<QueryServer>(world, log, "query-2");
    ASSERT_TRUE(world.run_until([&] { return one->peer().up("a") && two->peer().up("a"); }));
    world.run(10ms);
  }
  void open(uint64_t subscription, const std::string& user, bool state_only = false,
            bool snapshot = true) {
    a->send(0, PresenceOpen{{ShardIndex{0}, 1, 1}, subscription, "me", user, state_only, snapshot});
  }
  void close(uint64_t subscription) { a->send(0, PresenceClose{ShardIndex{0}, subscription}); }
  void more(uint64_t subscription) { a->send(0, PresenceMore{ShardIndex{0}, subscription}); }

  // Reads as fast clients do: every letter is answered, until nothing comes for a while.
  void settle(Duration quiet = 1500ms) {
    read();
    while (world.run_until([&] { return a->letters[0].size() > read_letters; }, quiet)) read();
  }
  void read() {
    for (; read_letters < a->letters[0].size(); ++read_letters) {
      const auto* letter = std::get_if<PresenceRows>(&a->letters[0][read_letters]);
      if (letter == nullptr) continue;
      const PresenceRows rows = *letter;
      Seen& to = seen[rows.subscription];
      for (const auto& row : rows.rows) {
        to.rows.push_back(row);
        to.by_topic[row.topic] = row.payload;
      }
      if (!slow.contains(rows.subscription)) more(rows.subscription);
    }
  }
  void set(const std::string& device, const std::string& user, Status status) {
    log.set(device, user, status);
    one->catch_up();
    two->catch_up();
  }
  size_t rows(uint64_t subscription) { return seen[subscription].rows.size(); }
  std::string state(uint64_t subscription, const std::string& user) {
    return seen[subscription].by_topic[fmt::format("$user/{}/presence/state", user)];
  }
};

bool says(const std::string& payload, const std::string& text) {
  return payload.find(text) != std::string::npos;
}

TEST_F(NodePresenceTest, ASnapshotThenEachChangeOnce) {
  start();
  log.set("d1", "ann", Status::online);
  log.set("d2", "bob", Status::offline);
  open(1, "+");
  settle();
  ASSERT_EQ(rows(1), 2u);
  EXPECT_EQ(seen[1].rows[0].topic, "$user/ann/presence");
  EXPECT_TRUE(seen[1].rows[0].retain);
  EXPECT_TRUE(says(seen[1].rows[0].payload, "online")) << seen[1].rows[0].payload;
  set("d2", "bob", Status::online);
  set("d3", "b/c", Status::unknown);
  settle();
  ASSERT_EQ(rows(1), 4u);
  EXPECT_EQ(seen[1].rows[2].topic, "$user/bob/presence");
  EXPECT_FALSE(seen[1].rows[2].retain);
  EXPECT_TRUE(says(seen[1].rows[2].payload, "online"));
  EXPECT_EQ(seen[1].rows[3].topic, "$user/b%2Fc/presence");
}

TEST_F(NodePresenceTest, OneWatchIsSharedByAllSubscribersOfAFilter) {
  start();
  for (uint64_t subscription = 1; subscription <= 5; ++subscription) open(subscription, "+");
  open(6, "ann");
  settle();
  EXPECT_EQ(one->watches() + two->watches(), 2u);
  set("d1", "ann", Status::online);
  set("d2", "bob", Status::online);
  settle();
  EXPECT_EQ(rows(5), 2u);
  EXPECT_EQ(rows(6), 1u);
  for (uint64_t subscription = 1; subscription <= 6; ++subscription) close(subscription);
  settle();
  EXPECT_EQ(one->watches() + two->watches(), 0u);
}

TEST_F(NodePresenceTest, PagesArePulledAndChangesDoNotOvertakeThem) {
  Options options;
  options.presence_page_rows = 10;
  start(options);
  for (int i = 0; i < 35; ++i) log.set(fmt::format("d{:02}", i), "u", Status::offline);
  slow.insert(1);
  open(1, "+");
  settle();
  ASSERT_EQ(rows(1), 10u);          // and nothing more is asked for
  set("d30", "u", Status::online);  // still ahead: its page will say it
  set("d05", "u", Status::online);  // behind: waits for the reader
  set("d99", "u", Status::online);  // new, beyond the last page
  settle();
  EXPECT_EQ(rows(1), 10u);
  slow.clear();
  more(1);
  settle();
  ASSERT_EQ(rows(1), 37u);
  std::map<std::string, int> count;
  for (const auto& row : seen[1].rows) {
    for (const char* device : {"\"d30\"", "\"d05\"", "\"d99\""}) {
      if (!says(row.payload, device)) continue;
      ++count[device];
      EXPECT_EQ(says(row.payload, "online"), count[device] == 2 || device[2] != '0');
    }
  }
  EXPECT_EQ(count["\"d30\""], 1);
  EXPECT_EQ(count["\"d05\""], 2);
  EXPECT_EQ(count["\"d99\""], 1);
}

TEST_F(NodePresenceTest, AnOldPageDoesNotUndoAChange) {
  start();
  log.set("d1", "ann", Status::offline);
  open(1, "+");
  ASSERT_TRUE(world.run_until([&] { return one->watches() + two->watches() == 1; }));
  seen.clear();
  one->silent = two->silent = true;
  open(2, "+");
  world.run(10ms);
  std::vector<wire::Task> asked = one->tasks;
  asked.insert(asked.end(), two->tasks.begin(), two->tasks.end());
  set("d1", "ann", Status::online);
  settle(100ms);
  EXPECT_EQ(rows(2), 0u);
  // The page comes now, from a replica that has not yet heard of it but is as new as the watch was.
  log.rows["d1"].status = Status::offline;
  --log.rows["d1"].number;
  one->behind = 1;
  one->answer(asked.back());
  settle(100ms);
  ASSERT_EQ(rows(2), 1u);
  EXPECT_TRUE(says(seen[2].rows[0].payload, "online"));
}

TEST_F(NodePresenceTest, ARowThatWasReadLaterThanItsPageBeganIsNotToldAgain) {
  start();
  log.set("d1", "ann", Status::online);
  open(1, "+");
  settle();
  // A page begun before d2 came and read after it: the watch brings d2 as news.
  log.set("d2", "bob", Status::online);
  one->behind = two->behind = 1;
  open(2, "+");
  settle();
  ASSERT_EQ(rows(2), 2u);
  one->catch_up();
  two->catch_up();
  settle();
  EXPECT_EQ(rows(1), 2u);
  EXPECT_EQ(rows(2), 2u);
  set("d2", "bob", Status::offline);
  settle();
  EXPECT_EQ(rows(1), 3u);
  EXPECT_EQ(rows(2), 3u);
}

TEST_F(NodePresenceTest, APageOlderThanTheWatchIsAskedForAgain) {
  start();
  log.set("d1", "ann", Status::online);
  open(1, "+");
  settle();
  set("d1", "ann", Status::offline);
  settle();
  one->behind = two->behind = 1;
  open(2, "+");
  settle(300ms);
  EXPECT_EQ(rows(2), 0u);
  one->behind = two->behind = 0;
  settle();
  EXPECT_EQ(rows(2), 1u);
}

TEST_F(NodePresenceTest, ASlowReaderGetsTheNewestAndHowManyWereSkipped) {
  start();
  open(1, "+");
  settle();
  set("d1", "ann", Status::online);
  settle();
  slow.insert(1);
  set("d1", "ann", Status::offline);
  settle(100ms);
  set("d1", "ann", Status::online);
  set("d1", "ann", Status::offline);
  set("d1", "ann", Status::unknown);
  settle(100ms);
  EXPECT_EQ(rows(1), 2u);
  slow.clear();
  more(1);
  settle();
  ASSERT_EQ(rows(1), 3u);
  EXPECT_TRUE(says(seen[1].rows[2].payload, "unknown"));
  EXPECT_TRUE(says(seen[1].rows[2].payload, "\"skipped\":2")) << seen[1].rows[2].payload;
}

TEST_F(NodePresenceTest, ABacklogOverItsBoundBecomesASnapshot) {
  Options options;
  options.presence_backlog_rows = 5;
  start(options);
  open(1, "+");
  settle();
  slow.insert(1);
  for (int i = 0; i < 20; ++i) set(fmt::format("d{}", i), "u", Status::online);
  settle(100ms);
  slow.clear();
  more(1);
  settle();
  EXPECT_GE(a->node().counters().presence_restarts, 1u);
  std::set<std::string> retained;
  for (const auto& row : seen[1].rows) {
    if (row.retain) retained.insert(row.payload);
  }
  EXPECT_EQ(retained.size(), 20u);
}

TEST_F(NodePresenceTest, TooManyChangesBeforeTheirPagesMakeThePagesNewer) {
  Options options;
  options.presence_backlog_rows = 5;
  options.presence_page_rows = 4;
  start(options);
  for (int i = 0; i < 20; ++i) log.set(fmt::format("d{:02}", i), "u", Status::offline);
  slow.insert(1);
  open(1, "+");
  settle(500ms);
  for (int i = 0; i < 20; ++i) set(fmt::format("d{:02}", i), "u", Status::online);
  settle(100ms);
  slow.clear();
  more(1);
  settle();
  std::set<std::string> online;
  for (const auto& row : seen[1].rows) {
    if (says(row.payload, "online")) online.insert(row.payload);
  }
  EXPECT_EQ(online.size(), 20u);
}

TEST_F(NodePresenceTest, AWatchGoesOnAtAnotherServer) {
  start();
  open(1, "+");
  settle();
  QueryServer& first = one->watches() == 1 ? *one : *two;
  QueryServer& second = one->watches() == 1 ? *two : *one;
  set("d1", "ann", Status::online);
  settle();
  ASSERT_EQ(rows(1), 1u);
  world.cut("a", first.peer().info().name);
  log.set("d1", "ann", Status::offline);  // while nobody watches
  ASSERT_TRUE(world.run_until([&] { return second.watches() == 1; }));
  settle();
  ASSERT_EQ(rows(1), 2u);
  EXPECT_TRUE(says(seen[1].rows[1].payload, "offline"));
  world.heal();
  settle();
  set("d1", "ann", Status::online);
  settle();
  EXPECT_EQ(rows(1), 3u);  // once, though the first server is back
  EXPECT_EQ(first.watches(), 0u);
}

TEST_F(NodePresenceTest, WhatWasToldInTheMidstOfAnEntryIsNotToldAgainByAnotherServer) {
  start();
  open(1, "+");
  settle();
  QueryServer& first = one->watches() == 1 ? *one : *two;
  QueryServer& second = one->watches() == 1 ? *two : *one;
  first.midway = true;
  set("d1", "ann", Status::online);
  settle();
  ASSERT_EQ(rows(1), 1u);
  world.cut("a", first.peer().info().name);
  ASSERT_TRUE(world.run_until([&] { return second.watches() == 1; }));
  settle();
  EXPECT_EQ(rows(1), 1u);
  set("d1", "ann", Status::offline);
  settle();
  EXPECT_EQ(rows(1), 2u);
}

TEST_F(NodePresenceTest, AResetBringsAFreshSnapshot) {
  start();
  log.set("d1", "ann", Status::online);
  open(1, "+");
  settle();
  ASSERT_EQ(rows(1), 1u);
  one->forgetful = two->forgetful = true;
  world.cut("a", one->watches() == 1 ? "query-1" : "query-2");
  log.set("d2", "bob", Status::online);
  log.changes.clear();
  ASSERT_TRUE(world.run_until([&] { return a->node().counters().watches_opened >= 3; }));
  one->forgetful = two->forgetful = false;
  settle();
  EXPECT_GE(rows(1), 3u);
  EXPECT_TRUE(says(seen[1].by_topic["$user/bob/presence"], "online"));
  EXPECT_TRUE(seen[1].rows.back().retain);
}

TEST_F(NodePresenceTest, WithoutASnapshotOnlyChangesCome) {
  start();
  log.set("d1", "ann", Status::online);
  open(1, "+", false, false);
  open(2, "+", true, false);
  settle();
  set("d2", "bob", Status::online);
  settle();
  ASSERT_EQ(rows(1), 1u);
  EXPECT_EQ(seen[1].rows[0].topic, "$user/bob/presence");
  ASSERT_EQ(rows(2), 1u);
  EXPECT_EQ(seen[2].rows[0].topic, "$user/bob/presence/state");
}

TEST_F(NodePresenceTest, StatesAreThoseOfUsersOverTheirDevices) {
  Options options;
  options.presence_page_rows = 3;
  start(options);
  for (int i = 0; i < 10; ++i) log.set(fmt::format("x{}", i), "many", Status::offline);
  log.set("d1", "ann", Status::online);
  log.set("d2", "ann", Status::offline);
  log.set("d3", "bob", Status::unknown);
  open(1, "+", true);
  settle();
  ASSERT_EQ(rows(1), 3u);
  EXPECT_EQ(state(1, "ann"), "online");
  EXPECT_EQ(state(1, "bob"), "unknown");
  EXPECT_EQ(state(1, "many"), "offline");
  set("d2", "ann", Status::online);  // no change of the user
  set("d1", "ann", Status::unknown);
  settle();
  EXPECT_EQ(rows(1), 3u);
  set("d2", "ann", Status::offline);
  settle();
  EXPECT_EQ(state(1, "ann"), "unknown");
  set("d3", "ann", Status::online);  // bob's only device is ann's now
  settle();
  EXPECT_EQ(state(1, "ann"), "online");
  EXPECT_EQ(state(1, "bob"), "offline");
  EXPECT_EQ(rows(1), 6u);
  EXPECT_FALSE(seen[1].rows.back().retain);
}

TEST_F(NodePresenceTest, SubscribersWaitForAQueryServer) {
  a = &world.broker("a");
  open(1, "+");
  open(2, "ann", true);
  settle(5s);
  EXPECT_EQ(rows(1), 0u);
  log.set("d1", "ann", Status::online);
  one = std::make_unique<QueryServer>(world, log, "query-1");
  settle();
  EXPECT_EQ(rows(1), 1u);
  EXPECT_EQ(state(2, "ann"), "online");
}

TEST_F(NodePresenceTest, AServerThatTakesNoMoreWatchesIsAskedAgain) {
  start();
  one->full = two->full = true;
  open(1, "+");
  settle();
  EXPECT_GE(a->node().counters().watches_opened, 3u);
  EXPECT_LE(a->node().counters().watches_opened, 30u);
  one->full = two->full = false;
  settle();
  set("d1", "ann", Status::online);
  settle();
  EXPECT_EQ(rows(1), 1u);
}

TEST_F(NodePresenceTest, BusyServersAreAskedAgain) {
  start();
  log.set("d1", "ann", Status::online);
  one->outcome = two->outcome = wire::Outcome::busy;
  open(1, "+");
  settle();
  EXPECT_EQ(rows(1), 0u);
  one->outcome = two->outcome = wire::Outcome::ok;
  settle();
  EXPECT_EQ(rows(1), 1u);
}

}  // namespace
}  // namespace muster::broker::node_testing
