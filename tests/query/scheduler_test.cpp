#include "query/scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace muster::query {
namespace {

using wire::Priority;

struct SchedulerTest : ::testing::Test {
  Job job(uint64_t number, Priority priority, uint32_t units = 1, Duration left = Duration(1000)) {
    Job job;
    job.task.id = {Incarnation{1}, number};
    job.task.priority = priority;
    job.units = units;
    job.deadline = Instant{} + left;
    return job;
  }
  void add(uint64_t number, Priority priority, uint32_t units = 1) {
    scheduler.add(job(number, priority, units));
  }
  // Runs one turn in which each job visits `need` rows in all.
  std::vector<uint64_t> turn() {
    std::vector<uint64_t> ran;
    scheduler.turn(
        [&](Job& job, int64_t& budget) {
          const uint64_t number = job.task.id.number;
          ran.push_back(number);
          int64_t& left = need.emplace(number, 10).first->second;
          const int64_t used = std::min(left, budget);
          left -= used;
          budget -= used;
          return left == 0;
        },
        [&](const Job& job) { done.push_back(job.task.id.number); });
    return ran;
  }
  static std::vector<uint64_t> numbers(const std::vector<Job>& jobs) {
    std::vector<uint64_t> numbers;
    for (const Job& job : jobs) numbers.push_back(job.task.id.number);
    return numbers;
  }

  Scheduler scheduler{2, 100};
  std::map<uint64_t, int64_t> need;
  std::vector<uint64_t> done;
};

using Numbers = std::vector<uint64_t>;

TEST_F(SchedulerTest, ServesTheHighestPriorityFirstEachInOrder) {
  add(1, Priority::low);
  add(2, Priority::normal);
  add(3, Priority::urgent);
  add(4, Priority::normal);
  EXPECT_EQ(turn(), (Numbers{3, 2, 4, 1}));
  EXPECT_EQ(done, (Numbers{3, 2, 4, 1}));
  EXPECT_TRUE(scheduler.empty());
}

TEST_F(SchedulerTest, AScanYieldsItsPlaceAfterASlice) {
  need = {{1, 1000}, {2, 1000}, {3, 1000}};
  for (const uint64_t number : {1, 2, 3}) add(number, Priority::normal);
  EXPECT_EQ(turn(), (Numbers{1, 2})) << "one slice for each of two workers";
  EXPECT_EQ(turn(), (Numbers{1, 2})) << "the place is kept";
  add(9, Priority::urgent);
  EXPECT_EQ(turn(), (Numbers{9, 1, 2})) << "next: at most one slice of each worker after it came";
  EXPECT_EQ(scheduler.urgent_wait_slices_max(), 0u);
}

TEST_F(SchedulerTest, CountsUnitsAndExcess) {
  for (uint64_t number = 1; number <= 5; ++number) add(number, Priority::normal);
  for (uint64_t number = 11; number <= 15; ++number) add(number, Priority::low);
  add(21, Priority::urgent, 3);
  EXPECT_EQ(scheduler.units(), 13u);
  EXPECT_EQ(scheduler.units_from(Priority::normal), 8u);
  EXPECT_TRUE(scheduler.take_excess(13).empty());
  EXPECT_EQ(numbers(scheduler.take_excess(10)), (Numbers{15, 14, 13})) << "the youngest first";
  EXPECT_EQ(numbers(scheduler.take_excess(6)), (Numbers{12, 11, 5, 4}));
  EXPECT_EQ(scheduler.units(), 6u);
}

TEST_F(SchedulerTest, NeverRedirectsWhileALowerOneIsQueued) {
  Job redirected = job(1, Priority::low);
  redirected.task.redirected = true;
  scheduler.add(std::move(redirected));
  for (uint64_t number = 2; number <= 9; ++number) add(number, Priority::normal);
  EXPECT_TRUE(scheduler.take_excess(2).empty()) << "a redirected low task is queued";
}

TEST_F(SchedulerTest, WhatHasBegunOrIsRedirectedStays) {
  need = {{1, 1000}, {2, 1000}};
  for (uint64_t number = 1; number <= 4; ++number) add(number, Priority::normal, 5);
  turn();
  EXPECT_EQ(numbers(scheduler.take_excess(4)), (Numbers{4, 3}));
  EXPECT_EQ(scheduler.size(), 2u);
}

TEST_F(SchedulerTest, ALowerTaskThatRunsPushesNobodyOut) {
  need[1] = 1000;
  add(1, Priority::low, 1000);
  turn();
  for (uint64_t number = 2; number <= 4; ++number) add(number, Priority::urgent);
  EXPECT_TRUE(scheduler.take_excess(3).empty());
  EXPECT_EQ(numbers(scheduler.take_excess(2)), (Numbers{4}));
}

TEST_F(SchedulerTest, ALonelyTaskIsNoExcess) {
  add(1, Priority::normal, 5000);
  EXPECT_TRUE(scheduler.take_excess(100).empty());
  add(2, Priority::normal, 5000);
  EXPECT_EQ(numbers(scheduler.take_excess(100)), (Numbers{2}));
}

TEST_F(SchedulerTest, ShedsBeyondItsQueueTheLowestYoungestFirst) {
  need = {{1, 1000}};
  add(1, Priority::low);
  turn();
  Job redirected = job(2, Priority::low);
  redirected.task.redirected = true;
  scheduler.add(std::move(redirected));
  add(3, Priority::high);
  add(4, Priority::high);
  EXPECT_EQ(numbers(scheduler.take_overflow(2)), (Numbers{2, 4})) << "1 has begun";
}

TEST_F(SchedulerTest, HandsOutWhatExpires) {
  scheduler.add(job(1, Priority::low, 1, Duration(5)));
  scheduler.add(job(2, Priority::urgent, 1, Duration(9)));
  EXPECT_EQ(scheduler.next_deadline(), Instant{} + Duration(5));
  EXPECT_TRUE(scheduler.take_expired(Instant{} + Duration(4)).empty());
  EXPECT_EQ(numbers(scheduler.take_expired(Instant{} + Duration(5))), (Numbers{1}));
  EXPECT_FALSE(scheduler.knows({Incarnation{1}, 1}));
  EXPECT_EQ(scheduler.next_deadline(), Instant{} + Duration(9));
}

// Over seeds: every task leaves exactly once; what is redirected was not redirected before, had not
// begun, and nothing lower was queued; after the excess is taken nothing movable is over; an urgent
// task waits for at most one slice of each worker.
class Burst {
 public:
  explicit Burst(uint64_t seed)
      : random_(seed), workers_(1 + static_cast<uint32_t>(seed % 3)), scheduler_(workers_, 100) {}

  void run() {
    for (int turn = 0; turn < 500; ++turn) {
      now_ += Duration(10);
      if (turn < 400) arrive(random_() % 12);
      for (const Job& job : scheduler_.take_expired(now_)) leave(job);
      if (random_() % 2) redirect();
      for (const Job& job : scheduler_.take_overflow(60)) leave(job);
      ASSERT_LE(scheduler_.size(), 60u + workers_);
      work();
    }
    now_ += Duration(1'000'000);
    for (const Job& job : scheduler_.take_expired(now_)) leave(job);
    ASSERT_TRUE(scheduler_.empty());
    ASSERT_EQ(scheduler_.units(), 0u);
    for (const auto& [number, task] : tasks_) ASSERT_EQ(task.left, 1) << number;
    ASSERT_LE(scheduler_.urgent_wait_slices_max(), workers_);
  }

 private:
  struct Known {
    Priority priority = Priority::low;
    bool redirected = false, begun = false, queued = true;
    int64_t need = 0;
    int left = 0;
  };
  static constexpr uint32_t threshold = 20;

  void arrive(uint64_t count) {
    for (; count > 0; --count) {
      Job job;
      const uint64_t number = ++numbers_;
      Known& known = tasks_[number];
      known.priority = static_cast<Priority>(random_() % 4);
      known.redirected = random_() % 5 == 0;
      known.need = static_cast<int64_t>(random_() % 10 ? random_() % 40 : random_() % 2000);
      job.task.id = {Incarnation{9}, number};
      job.task.priority = known.priority;
      job.task.redirected = known.redirected;
      job.units = static_cast<uint32_t>(1 + random_() % 3);
      job.deadline = now_ + Duration(random_() % 1000);
      scheduler_.add(std::move(job));
    }
  }
  void leave(const Job& job) {
    Known& known = tasks_.at(job.task.id.number);
    ++known.left;
    known.queued = false;
  }
  void redirect() {
    for (const Job& job : scheduler_.take_excess(threshold)) {
      const Known& moved = tasks_.at(job.task.id.number);
      ASSERT_FALSE(moved.redirected);
      ASSERT_FALSE(moved.begun);
      leave(job);
      for (const auto& [number, other] : tasks_) {  // lower ones of the same call left before it
        const bool lower = other.queued && !other.begun && other.priority < moved.priority;
        ASSERT_FALSE(lower) << number << " is queued";
      }
    }
  }
  void work() {
    uint32_t slices = 0;
    const uint64_t before = scheduler_.slices();
    scheduler_.turn(
        [&](Job& job, int64_t& budget) {
          Known& known = tasks_.at(job.task.id.number);
          known.begun = true;
          const int64_t used = std::min(known.need, budget);
          known.need -= used;
          budget -= used + 1;
          return known.need == 0;
        },
        [&](const Job& job) { leave(job); });
    slices = static_cast<uint32_t>(scheduler_.slices() - before);
    ASSERT_LE(slices, workers_);
  }

  std::mt19937_64 random_;
  uint32_t workers_;
  Scheduler scheduler_;
  Instant now_{};
  std::map<uint64_t, Known> tasks_;
  uint64_t numbers_ = 0;
};

TEST(Scheduler, EveryTaskLeavesOnceByTheRules) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Burst burst(seed);
    burst.run();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace muster::query
