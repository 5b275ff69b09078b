// Sessions whose clients are away: what it costs to keep a message for one, and to give all of them
// out when the clients come back.

#include <fmt/core.h>

#include <algorithm>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/bench/traffic.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

constexpr Nanos late_duplicates = std::chrono::milliseconds(300);

class Offline {
 public:
  explicit Offline(const Options& given) : options_(kept(given)), meter_(given.broker_pids) {}

  void run(Report& report) {
    subscribe_and_leave();
    queue(report);
    drain(report);
    write_counts(traffic_, report);
    end_sessions(crowd_, 0, options_.subscribers);
    crowd_.close_all();
  }

 private:
  // Only what is acknowledged is kept.
  static Options kept(Options options) {
    options.qos = std::max(options.qos, 1);
    if (options.subscribers == 0) options.subscribers = 20;
    if (options.publishers == 0) options.publishers = 4;
    if (options.messages == 0) options.messages = 5000;
    options.publishers = std::min(options.publishers, options.subscribers);
    return options;
  }

  void subscribe_and_leave();
  void queue(Report& report);
  void drain(Report& report);
  uint64_t total() const { return options_.messages * options_.subscribers; }

  Options options_;
  Crowd crowd_{options_.target};
  Traffic traffic_{options_, crowd_};
  Meter meter_;
};

void Offline::subscribe_and_leave() {
  const uint32_t subscribers = options_.subscribers;
  for (uint32_t i = 0; i < subscribers; ++i) {
    traffic_.add_subscriber(crowd_.add(fmt::format("s{}", i), false), i, 1);
  }
  for (uint32_t i = 0; i < options_.publishers; ++i) {
    traffic_.add_publisher(crowd_.add(fmt::format("p{}", i), true));
  }
  for (uint32_t i = 0; i < subscribers; ++i) {
    traffic_.add_stream(fmt::format("bench/offline/{}", i), i % options_.publishers, 1);
  }
  const auto filters_of = [](uint32_t client) {
    return std::vector<std::string>{fmt::format("bench/offline/{}", client)};
  };
  gather(crowd_, 0, subscribers, filters_of, options_.quality());
  for (uint32_t client = 0; client < subscribers; ++client) crowd_.close(client);
  gather(crowd_, subscribers, subscribers + options_.publishers, no_filters, options_.quality());
}

void Offline::queue(Report& report) {
  traffic_.ready();
  traffic_.without_end_to_end_window();
  traffic_.limit_to_each_stream(options_.messages);
  const Moment from = meter_.look();
  send_all(crowd_, traffic_);
  const Moment to = meter_.look();
  report.number("queue_per_s", per_second(total(), to.at - from.at), 1);
  if (!meter_.knows_broker()) return;
  report.number("queue_cpu_us", us_each(to.broker.cpu_s - from.broker.cpu_s, total()), 4);
  meter_.write_memory(from, to, total(), "broker_bytes_each", report);
}

void Offline::drain(Report& report) {
  const Moment from = meter_.look();
  Nanos moved = from.at;
  for (uint32_t client = 0; client < options_.subscribers; ++client) crowd_.open(client);
  while (!traffic_.all_arrived() && now() - moved < patience) {
    crowd_.turn(look_again, traffic_);
    moved = std::max(moved, crowd_.read_at());
  }
  const Moment to = meter_.look();
  const Nanos end = now() + late_duplicates;
  while (now() < end) crowd_.turn(look_again, traffic_);
  meter_.write(from, to, traffic_.tally().received(), report);
  uint32_t present = 0;
  for (uint32_t client = 0; client < options_.subscribers; ++client) {
    present += crowd_.session_present(client) ? 1 : 0;
  }
  report.count("sessions_present", present);
}

}  // namespace

void run_offline(const Options& options, Report& report) {
  Offline(options).run(report);
}

}  // namespace muster::clients::bench
