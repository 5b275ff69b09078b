// A query server's rows: memory and speed at 1,000,000 devices. Build: cmake --build --preset
// release
// --target bench_query_bench. `bytes_per_device` is what the process grew by while they were
// loaded.

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "query/feed.hpp"
#include "query/run.hpp"
#include "query/scheduler.hpp"

namespace muster::query {
namespace {

constexpr size_t devices = 1'000'000;
constexpr Incarnation brokers[] = {Incarnation{1}, Incarnation{2}};

size_t resident_bytes() {
  size_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * 4096;
}

std::string device_name(size_t at) {
  return fmt::format("sensor-{:07}", at);
}

wire::LogEntry entry_of(size_t at, uint64_t number, bool connected) {
  wire::DeviceRow row;
  row.device = device_name(at);
  row.user = fmt::format("user-{:06}", at / 4);
  row.connected = connected;
  row.broker = brokers[at % 2];
  row.broker_name = at % 2 ? "b2" : "b1";
  row.serial = Serial{number};
  row.term = Term{number};
  row.address =
      fmt::format("10.{}.{}.{}:{}", at >> 16 & 255, at >> 8 & 255, at & 255, 1024 + at % 60'000);
  row.protocol = 5;
  row.since_ms = row.last_seen_ms = static_cast<int64_t>(1'700'000'000'000 + number);
  return {number, 0, static_cast<uint16_t>(slot_of(row.device)), std::move(row)};
}

// Loaded once; every tenth device is offline, every hundredth user has an attribute.
struct Loaded {
  Options options;
  Feed feed{options};
  uint64_t number = 0;
  double bytes_per_device = 0;
  double load_s = 0;

  Loaded() {
    const size_t before = resident_bytes();
    const auto begin = std::chrono::steady_clock::now();
    feed.begin_snapshot();
    for (const Incarnation broker : brokers) {
      const wire::BrokerRow row{broker == brokers[0] ? "b1" : "b2", broker, {}, 0};
      feed.load({++number, 0, wire::broker_slot, row});
    }
    for (size_t user = 0; user < devices / 4; user += 100) {
      const wire::UserRow row{fmt::format("user-{:06}", user), {{"room", "kitchen"}}};
      feed.load({++number, 0, wire::user_slot, row});
    }
    // As global sends them: slot by slot, so in no order of names.
    for (size_t at = 0; at < devices; ++at) {
      const size_t mixed = at * 7'919 % devices;
      feed.load(entry_of(mixed, ++number, mixed % 10 != 0));
    }
    feed.end_snapshot({1, number});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    load_s = took.count();
    bytes_per_device = static_cast<double>(resident_bytes() - before) / devices;
  }
};

Loaded& loaded() {
  static const auto once = std::make_unique<Loaded>();
  return *once;
}

void load(benchmark::State& state) {
  for (auto _ : state) loaded();
  state.counters["bytes_per_device"] = loaded().bytes_per_device;
  state.counters["load_s"] = loaded().load_s;
}
BENCHMARK(load)->Iterations(1)->Unit(benchmark::kMillisecond);

// Runs a query in slices as a worker does; `slice_us_max` is the longest.
void run(benchmark::State& state, const wire::Query& query) {
  Loaded& all = loaded();
  const auto filter = Filter::compile(query.where, 1'700'000'000'000);
  double longest = 0;
  size_t slices = 0, rows = 0;
  for (auto _ : state) {
    Run task(query, *filter, all_slots(), all.options);
    for (bool done = false; !done; ++slices) {
      int64_t budget = all.options.slice_rows;
      const auto begin = std::chrono::steady_clock::now();
      done = task.slice(all.feed.table(), budget);
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      longest = std::max(longest, took.count());
    }
    rows += task.found().count;
    benchmark::DoNotOptimize(task.found());
  }
  state.counters["slice_us_max"] = longest;
  state.counters["slices"] = static_cast<double>(slices) / static_cast<double>(state.iterations());
  state.counters["found"] = static_cast<double>(rows) / static_cast<double>(state.iterations());
}

wire::Query scan(wire::QueryKind kind, std::vector<wire::Condition> where) {
  wire::Query query;
  query.kind = kind;
  query.where = std::move(where);
  return query;
}

using wire::Compare;
using wire::QueryKind;
const wire::Condition offline{"status", Compare::equal, "offline"};
const wire::Condition kitchen{"attr.room", Compare::equal, "kitchen"};
const wire::Condition nobody{"address", Compare::prefix, "11."};
const wire::Condition one_user{"user", Compare::equal, "user-000100"};

void count_by_status(benchmark::State& state) {
  run(state, scan(QueryKind::count, {offline}));
}
void count_by_attribute(benchmark::State& state) {
  run(state, scan(QueryKind::count, {kitchen}));
}
void list_finding_nothing(benchmark::State& state) {
  run(state, scan(QueryKind::list, {nobody}));
}
void list_1000(benchmark::State& state) {
  run(state, scan(QueryKind::list, {}));
}
void list_one_user(benchmark::State& state) {
  run(state, scan(QueryKind::list, {one_user}));
}
BENCHMARK(count_by_status)->Unit(benchmark::kMillisecond);
BENCHMARK(count_by_attribute)->Unit(benchmark::kMillisecond);
BENCHMARK(list_finding_nothing)->Unit(benchmark::kMillisecond);
BENCHMARK(list_1000)->Unit(benchmark::kMicrosecond);
BENCHMARK(list_one_user)->Unit(benchmark::kMicrosecond);

void look_up(benchmark::State& state) {
  wire::Query query;
  query.devices.resize(static_cast<size_t>(state.range(0)));
  for (size_t at = 0; at < query.devices.size(); ++at)
    query.devices[at] = device_name(at * 104'729 % devices);
  run(state, query);
}
BENCHMARK(look_up)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

// A device comes or goes: from the log entry to the change that watches are offered.
void apply_change(benchmark::State& state) {
  Loaded& all = loaded();
  size_t at = 0;
  std::vector<wire::LogEntry> entries;
  for (int change = 0; change < 10'000; ++change) {
    at = (at + 104'729) % devices;
    entries.push_back(entry_of(at, ++all.number, change % 2 == 0));
  }
  size_t next = 0;
  for (auto _ : state) all.feed.apply(entries[next++ % entries.size()]);
}
BENCHMARK(apply_change)->Unit(benchmark::kMicrosecond);

// A broker is lost and returns: all watchers of 500,000 devices are to be told.
void tell_a_lost_broker(benchmark::State& state) {
  Loaded& all = loaded();
  bool lost = false;
  double longest = 0;
  for (auto _ : state) {
    lost = !lost;
    const auto broker = lost ? wire::BrokerState::unreachable : wire::BrokerState::alive;
    all.feed.apply(
        {++all.number, 0, wire::broker_slot, wire::BrokerRow{"b1", brokers[0], broker, 0}});
    while (all.feed.has_work()) {
      int64_t budget = all.options.turn_rows;
      const auto begin = std::chrono::steady_clock::now();
      all.feed.pump(budget);
      const std::chrono::duration<double, std::micro> took =
          std::chrono::steady_clock::now() - begin;
      longest = std::max(longest, took.count());
    }
  }
  state.counters["turn_us_max"] = longest;
}
BENCHMARK(tell_a_lost_broker)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace muster::query
