// Runs the seeds; WITHOUT=rule,rule leaves rules out. Environment: SEEDS=n how many (2,000), SEED=n
// one alone, with TRACE=1 its whole trace; FIRST=n where to begin; ALL=1 goes on after a failure
// and lists every seed that fails. docs/simulation.md says how to read what a failing seed prints.

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "tests/sim/world.hpp"

namespace muster::sim {
namespace {

uint64_t number_from(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// A failed MUSTER_CHECK ends the process: the seed is said before it does.
thread_local uint64_t current_seed = 0;

extern "C" void say_seed(int signal) {
  std::printf(
      "\nseed %llu breaks check: the process ended by signal %d\nagain: SEED=%llu TRACE=1\n",
      static_cast<unsigned long long>(current_seed), signal,
      static_cast<unsigned long long>(current_seed));
  std::fflush(stdout);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

Verdict guarded(uint64_t seed, Trace::Mode mode) {
  current_seed = seed;
  for (const int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS}) std::signal(signal, say_seed);
  return run_seed(seed, mode);
}

std::string report(uint64_t seed) {
  const Verdict verdict = guarded(seed, Trace::Mode::keep_last);
  std::string text = fmt::format("seed {} breaks {}: {}\n", seed, verdict.rule, verdict.what);
  const size_t shown = number_from("LINES", 40);
  const auto& lines = verdict.last_lines;
  for (size_t i = lines.size() > shown ? lines.size() - shown : 0; i < lines.size(); ++i) {
    text += "  " + lines[i].substr(0, 200) + "\n";
  }
  return text + fmt::format("again: SEED={} TRACE=1 tests_sim\n", seed);
}

// Seeds from `first` on every core; stops at the first that fails, or says it and goes on.
class Runner {
 public:
  Runner(uint64_t first, uint64_t count) : next_(first), end_(first + count) {}

  void run() {
    std::vector<std::thread> threads;
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < cores; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
  }
  std::optional<uint64_t> failed() const { return failed_; }
  uint64_t steps() const { return steps_; }
  uint64_t redirected() const { return redirected_; }  // worlds
  uint64_t deposed() const { return deposed_; }

 private:
  void work() {
    while (!stop_) {
      const uint64_t seed = next_++;
      if (seed >= end_) return;
      const Verdict verdict = guarded(seed, Trace::Mode::hash);
      steps_ += verdict.steps;
      redirected_ += verdict.seen.redirects > 0;
      deposed_ += verdict.seen.deposed > 0;
      if (verdict.held) continue;
      const std::lock_guard lock(mutex_);
      if (all_) {
        fmt::print("seed {} breaks {}: {}\n", seed, verdict.rule, verdict.what);
        std::fflush(stdout);
      }
      stop_ = !all_;
      if (!failed_ || seed < *failed_) failed_ = seed;
    }
  }

  std::atomic<uint64_t> next_;
  uint64_t end_;
  std::atomic<bool> stop_ = false;
  const bool all_ = std::getenv("ALL") != nullptr;
  std::atomic<uint64_t> steps_ = 0, redirected_ = 0, deposed_ = 0;
  std::mutex mutex_;
  std::optional<uint64_t> failed_;
};

TEST(Worlds, EveryRuleHoldsInEachOfThem) {
  if (std::getenv("SEED")) {
    const uint64_t seed = number_from("SEED", 0);
    if (std::getenv("TRACE")) {
      const Verdict verdict = guarded(seed, Trace::Mode::print);
      EXPECT_TRUE(verdict.held) << "seed " << seed << " breaks " << verdict.rule << ": "
                                << verdict.what;
    } else {
      EXPECT_TRUE(guarded(seed, Trace::Mode::hash).held) << report(seed);
    }
    return;
  }
  const uint64_t count = number_from("SEEDS", 2000);
  Runner runner(number_from("FIRST", 1), count);
  runner.run();
  fmt::print("{} worlds, {} with redirected tasks, {} with a deposed broker\n", count,
             runner.redirected(), runner.deposed());
  if (runner.failed()) FAIL() << report(*runner.failed());
  RecordProperty("steps", std::to_string(runner.steps()));
  // Scenarios that hardly ever meet them prove nothing about them.
  if (count < 500) return;
  EXPECT_GT(runner.redirected(), count / 20);
  EXPECT_GT(runner.deposed(), count / 20);
}

TEST(Worlds, TheSameSeedIsTheSameWorld) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Verdict once = guarded(seed, Trace::Mode::hash);
    const Verdict again = guarded(seed, Trace::Mode::keep_last);
    EXPECT_EQ(once.hash, again.hash) << "seed " << seed;
    EXPECT_EQ(once.steps, again.steps) << "seed " << seed;
  }
}

}  // namespace
}  // namespace muster::sim
