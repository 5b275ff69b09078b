// Many retained topics: what storing one costs, then what reading all of them by one wildcard
// costs.

#include <fmt/core.h>

#include <algorithm>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/bench/traffic.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

class Retained {
 public:
  explicit Retained(const Options& given)
      : options_(acknowledged(given)), meter_(given.broker_pids) {}

  void run(Report& report) {
    store(report);
    if (options_.rounds > 0) read_all(report);
    write_counts(traffic_, report);
    crowd_.close_all();
  }

 private:
  // What is stored is only known from an acknowledgement.
  static Options acknowledged(Options options) {
    options.qos = std::max(options.qos, 1);
    if (options.messages == 0) options.messages = 20'000;
    return options;
  }

  void store(Report& report);
  void read_all(Report& report);
  Nanos read_once(uint32_t round, Histogram& first);

  Options options_;
  Crowd crowd_{options_.target};
  Traffic traffic_{options_, crowd_};
  Meter meter_;
};

void Retained::store(Report& report) {
  const auto count = static_cast<uint32_t>(options_.messages);
  const uint32_t publishers = std::max(1u, options_.publishers);
  for (uint32_t i = 0; i < publishers; ++i) {
    traffic_.add_publisher(crowd_.add(fmt::format("p{}", i), true));
  }
  for (uint32_t i = 0; i < count; ++i) {
    traffic_.add_stream(fmt::format("retained/{}/{}", i / 100, i), i % publishers, 0, true);
  }
  gather(crowd_, 0, publishers, no_filters, options_.quality());
  traffic_.ready();
  traffic_.limit_to_each_stream(1);
  const Moment from = meter_.look();
  send_all(crowd_, traffic_);
  const Moment to = meter_.look();
  report.number("store_per_s", per_second(count, to.at - from.at), 1);
  if (!meter_.knows_broker()) return;
  report.number("store_cpu_us", us_each(to.broker.cpu_s - from.broker.cpu_s, count), 4);
  meter_.write_memory(from, to, count, "broker_bytes_each", report);
}

// Until the last message: how long it took.
Nanos Retained::read_once(uint32_t round, Histogram& first) {
  const uint64_t count = options_.messages;
  const uint32_t client = crowd_.add(fmt::format("r{}", round), true);
  traffic_.add_subscriber(client, 0, static_cast<uint32_t>(count));
  traffic_.ready();
  traffic_.expect(count);
  gather(crowd_, client, client + 1, no_filters, options_.quality());
  const uint64_t before = traffic_.tally().received();
  const Nanos began = now();
  crowd_.send(client, subscribes_for({"retained/#"}, options_.quality(), crowd_.version()).packets);
  bool heard = false;
  Nanos moved = began;
  while (traffic_.tally().received() - before < count && now() - moved < patience) {
    crowd_.turn(look_again, traffic_);
    moved = std::max(moved, crowd_.read_at());
    if (!heard && traffic_.tally().received() > before) {
      heard = true;
      first.add(crowd_.read_at() - began);
    }
  }
  const Nanos took = now() - began;
  crowd_.close(client);
  return took;
}

void Retained::read_all(Report& report) {
  Histogram first;
  Nanos fastest = Nanos::max();
  const Moment from = meter_.look();
  for (uint32_t round = 0; round < options_.rounds; ++round) {
    fastest = std::min(fastest, read_once(round, first));
  }
  const Moment to = meter_.look();
  meter_.write(from, to, traffic_.tally().received(), report);
  report.number("fastest_s", seconds_of(fastest), 4);
  report.percentiles("first_", first);
}

}  // namespace

void run_retained(const Options& options, Report& report) {
  Retained(options).run(report);
}

}  // namespace muster::clients::bench
