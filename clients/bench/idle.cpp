// Connections that only exist, each with so many subscriptions: what one costs in memory, and all
// of them in CPU time.

#include <fmt/core.h>
#include <unistd.h>

#include <iostream>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"

namespace muster::clients::bench {
namespace {

// Until whoever started us closes standard input. Nobody pings: keep-alive is off.
void hold(const Options& options, const Report& report) {
  std::cout << (options.json ? report.json() : report.people()) << std::flush;
  char ignored[256];
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
}

}  // namespace

void run_idle(const Options& options, Report& report) {
  const uint32_t count = options.connections > 0 ? options.connections : 1000;
  Crowd crowd(options.target);
  const Meter meter(options.broker_pids);
  for (uint32_t i = 0; i < count; ++i) crowd.add(fmt::format("i{}", i), !options.persistent);
  const auto filters_of = [&](uint32_t client) {
    std::vector<std::string> filters;
    for (uint32_t i = 0; i < options.filters; ++i) {
      filters.push_back(fmt::format("idle/{}{}/{}", options.target.id_prefix, client, i));
    }
    return filters;
  };

  Histogram latency;
  const Moment before = meter.look();
  gather(crowd, 0, count, filters_of, options.quality(),
         [&latency](Nanos took) { latency.add(took); });
  const Moment there = meter.look();
  pass_time(crowd, std::chrono::seconds(1));  // what is done in the background is done now
  const Moment from = meter.look();
  pass_time(crowd, nanos_of(options.seconds));
  const Moment to = meter.look();

  meter.write(before, there, count, report);
  meter.write_memory(before, from, count, "broker_bytes_each", report);
  report.percentiles("", latency);
  if (meter.knows_broker()) {
    const double cpu = to.broker.cpu_s - from.broker.cpu_s;
    report.number("idle_cores", cpu / seconds_of(to.at - from.at), 5);
  }
  if (options.hold) hold(options, report);
  crowd.close_all();
}

}  // namespace muster::clients::bench
