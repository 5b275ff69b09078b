#include "control/redirect.hpp"

#include <gtest/gtest.h>

#include <map>

namespace muster::control {
namespace {

using wire::Priority;

struct RedirectTest : ::testing::Test {
  void server(const std::string& name, uint32_t units, uint32_t threshold = 10,
              uint64_t received = 0, uint32_t workers = 1) {
    wire::Load load;
    load.units = units;
    load.threshold = threshold;
    load.workers = workers;
    load.received = received;
    load.credit.assign(wire::priority_count, threshold > units ? threshold - units : 0);
    redirect.load(now, name, load);
  }
  std::string choose(Priority priority = Priority::normal, wire::Query query = {}) {
    wire::Task task;
    task.priority = priority;
    task.query = std::move(query);
    if (task.query.devices.empty() && task.query.kind == wire::QueryKind::lookup)
      task.query.devices = {"d"};
    return redirect.choose(now, task, "q1", map);
  }
  static std::vector<SlotMap::Server> names() { return {{"q1", true}, {"q2", true}, {"q3", true}}; }

  Now now{Instant{std::chrono::seconds(100)}, {}};
  Redirect redirect{Strategy::least_loaded};
  SlotMap map{names(), 3};  // everybody holds everything
};

TEST_F(RedirectTest, TheLeastLoadedOneGetsItUntilItsCreditIsUsed) {
  EXPECT_EQ(choose(), "") << "nobody said what it can take";
  server("q1", 0);
  EXPECT_EQ(choose(), "") << "never back to who sent it";
  server("q2", 8);
  server("q3", 5);
  std::map<std::string, int> given;
  for (int task = 0; task < 7; ++task) ++given[choose()];
  EXPECT_EQ(given, (std::map<std::string, int>{{"q2", 2}, {"q3", 5}}));
  EXPECT_EQ(choose(), "") << "nobody has credit";
  // A Load settles what was received; the rest is still in flight.
  server("q3", 3, 10, 4);
  EXPECT_EQ(choose(), "q3");
}

TEST_F(RedirectTest, WhatIsLostOnItsWayIsForgotten) {
  server("q2", 5);
  for (int task = 0; task < 5; ++task) EXPECT_EQ(choose(), "q2");
  now.mono += std::chrono::seconds(1);
  server("q2", 0);
  for (int task = 0; task < 5; ++task) EXPECT_EQ(choose(), "q2");
  EXPECT_EQ(choose(), "") << "ten are in flight";
  now.mono += std::chrono::seconds(2);
  server("q2", 0);
  for (int task = 0; task < 5; ++task) EXPECT_EQ(choose(), "q2") << "five were lost";
  EXPECT_EQ(choose(), "");
  redirect.server_gone("q2");
  EXPECT_EQ(choose(), "");
}

TEST_F(RedirectTest, AHigherPriorityIsServedBeforeWhatIsInFlight) {
  server("q2", 0, 4);
  for (int task = 0; task < 4; ++task) EXPECT_EQ(choose(Priority::low), "q2");
  EXPECT_EQ(choose(Priority::low), "");
  EXPECT_EQ(choose(Priority::urgent), "q2");
}

TEST_F(RedirectTest, FewScansAtATime) {
  server("q2", 0, 80);
  wire::Query scan;
  scan.kind = wire::QueryKind::count;
  for (int task = 0; task < 8; ++task) EXPECT_EQ(choose(Priority::normal, scan), "q2");
  EXPECT_EQ(choose(Priority::normal, scan), "");
}

TEST_F(RedirectTest, WhoHoldsTheSlotsIsPreferredAndNeededForAPart) {
  map = SlotMap(names(), 1);
  wire::Query lookup;
  lookup.devices = {"some device"};
  const auto slot = static_cast<uint16_t>(slot_of("some device"));
  std::string holder;
  for (const char* name : {"q1", "q2", "q3"})
    if (map.slots_of(name).test(slot)) holder = name;
  server("q2", 9);
  server("q3", 9);
  const std::string chosen = choose(Priority::normal, lookup);
  EXPECT_TRUE(holder == "q1" || chosen == holder);
  wire::Query part;
  part.kind = wire::QueryKind::count;
  part.slots = {slot};
  server("q2", 0);
  server("q3", 0);
  EXPECT_EQ(choose(Priority::normal, part), holder == "q1" ? "" : holder);
  wire::Query whole;
  whole.kind = wire::QueryKind::count;
  EXPECT_NE(choose(Priority::normal, whole), "") << "it shares the task out itself";
}

TEST_F(RedirectTest, WhoIsBehindIsOutOfThePool) {
  server("q2", 0, 0);
  EXPECT_FALSE(redirect.in_pool("q2"));
  EXPECT_EQ(choose(), "");
}

TEST(Score, EachStrategyIsAScore) {
  Candidate idle, busy, large;
  busy.units = 50;
  busy.units_ahead = 1;
  busy.chosen_last = 1;
  idle.units = 10;
  idle.units_ahead = 10;
  idle.chosen_last = 2;
  large.units = 30;
  large.workers = 8;
  EXPECT_GT(score_of(Strategy::least_loaded)(idle), score_of(Strategy::least_loaded)(busy));
  EXPECT_GT(score_of(Strategy::round_robin)(busy), score_of(Strategy::round_robin)(idle));
  EXPECT_GT(score_of(Strategy::weighted)(large), score_of(Strategy::weighted)(idle));
  EXPECT_GT(score_of(Strategy::accept_from_priority)(busy),
            score_of(Strategy::accept_from_priority)(idle));
  for (const Strategy strategy : {Strategy::least_loaded, Strategy::round_robin, Strategy::weighted,
                                  Strategy::accept_from_priority}) {
    EXPECT_EQ(strategy_from(to_string(strategy)), strategy);
  }
  EXPECT_EQ(strategy_from("best"), std::nullopt);
}

}  // namespace
}  // namespace muster::control
