// A steady flow of messages: fan-out, fan-in, pairs, wildcards, and latency at a rate.

#include <fmt/core.h>

#include <algorithm>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/bench/shapes.hpp"
#include "clients/bench/traffic.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

// On a busy machine a broker may get no CPU for a second: that is not yet a loss.
constexpr Nanos stalled_after = std::chrono::seconds(3);
constexpr uint64_t stalls_at_most = 5;
constexpr Nanos drain_patience = std::chrono::seconds(5);  // without anything that arrives
constexpr Nanos drain_at_most = std::chrono::seconds(20);

class Flow {
 public:
  explicit Flow(const Options& options);
  void run(Report& report);

 private:
  struct Stretch {  // what is measured
    Moment from;
    Moment to;
    uint64_t sent = 0;
    uint64_t received = 0;
  };

  void gather_clients();
  void begins(Nanos at);  // the warm-up is over: measures from now on
  void flow();
  Nanos send_what_is_due(Nanos gap);
  void get_over_losses();
  void drain();

  const Options& options_;
  Shape shape_;
  Crowd crowd_;
  Traffic traffic_;
  Meter meter_;
  Stretch stretch_;
  Histogram lag_;  // how late we sent what was due
  Nanos measure_at_{};
  Nanos end_at_{};
  Nanos moved_{};      // when anything was read last
  Nanos due_{};        // the next message, at a rate
  uint32_t turn_ = 0;  // whose it is
  bool measuring_ = false;
};

Flow::Flow(const Options& options)
    : options_(options),
      shape_(shape_of(options)),
      crowd_(options.target),
      traffic_(options, crowd_),
      meter_(options.broker_pids) {}

// Subscribers first: their indices are those of their filters.
void Flow::gather_clients() {
  for (size_t i = 0; i < shape_.subscribers.size(); ++i) {
    const Shape::Subscriber& subscriber = shape_.subscribers[i];
    const uint32_t client = crowd_.add(fmt::format("s{}", i), !options_.persistent);
    traffic_.add_subscriber(client, subscriber.first_stream, subscriber.streams);
  }
  for (uint32_t i = 0; i < shape_.publishers; ++i) {
    traffic_.add_publisher(crowd_.add(fmt::format("p{}", i), true));
  }
  const std::vector<uint32_t> receivers = shape_.receivers();
  for (size_t i = 0; i < shape_.streams.size(); ++i) {
    traffic_.add_stream(shape_.streams[i].topic, shape_.streams[i].publisher, receivers[i]);
  }
  const auto filters_of = [this](uint32_t client) -> std::vector<std::string> {
    if (client >= shape_.subscribers.size()) return {};
    return {shape_.subscribers[client].filter};
  };
  gather(crowd_, 0, static_cast<uint32_t>(crowd_.size()), filters_of, options_.quality());
  traffic_.ready();
}

void Flow::begins(Nanos at) {
  if (measuring_ || at < measure_at_) return;
  stretch_.from = meter_.look();
  stretch_.sent = traffic_.counts().sent;
  stretch_.received = traffic_.tally().received();
  traffic_.record_latency(true);
  measuring_ = true;
}

void Flow::flow() {
  const Nanos began = now();
  due_ = moved_ = began;
  if (options_.rate <= 0) traffic_.start();
  for (Nanos at = began; at < end_at_; at = now()) {
    begins(at);
    Nanos wait = look_again;
    if (options_.rate > 0) {
      wait = send_what_is_due(nanos_of(1 / options_.rate));
    } else {
      traffic_.pump();
    }
    crowd_.turn(wait, traffic_);
    get_over_losses();
  }
}

// Returns how long there is nothing to send. A message that flow control does not allow yet stays
// due, and counts as late.
Nanos Flow::send_what_is_due(Nanos gap) {
  constexpr int between_reads = 256;
  for (int i = 0; i < between_reads && due_ <= now(); ++i) {
    if (!traffic_.send_one(turn_)) return look_again;
    if (measuring_) lag_.add(now() - due_);
    turn_ = (turn_ + 1) % shape_.publishers;
    due_ += gap;
  }
  return std::min(due_ - now(), look_again);
}

void Flow::get_over_losses() {
  moved_ = std::max(moved_, crowd_.read_at());
  if (now() - moved_ < stalled_after) return;
  traffic_.give_credit_back();
  moved_ = now();
  if (traffic_.counts().stalls > stalls_at_most) throw Failure("messages no longer arrive");
}

void Flow::drain() {
  traffic_.stop();
  const Nanos began = now();
  Nanos moved = began;
  while (!traffic_.all_arrived() && now() - moved < drain_patience &&
         now() - began < drain_at_most) {
    crowd_.turn(look_again, traffic_);
    moved = std::max(moved, crowd_.read_at());
  }
}

void Flow::run(Report& report) {
  gather_clients();
  measure_at_ = now() + nanos_of(options_.warmup);
  end_at_ = measure_at_ + nanos_of(options_.seconds);
  flow();
  stretch_.to = meter_.look();
  const uint64_t sent = traffic_.counts().sent - stretch_.sent;
  const uint64_t received = traffic_.tally().received() - stretch_.received;
  traffic_.record_latency(false);
  drain();

  meter_.write(stretch_.from, stretch_.to, received, report);
  report.number("sent_per_s", per_second(sent, stretch_.to.at - stretch_.from.at), 1);
  report.percentiles("", traffic_.latency());
  if (options_.rate > 0) report.percentiles("lag_", lag_);
  write_counts(traffic_, report);
  if (options_.persistent) {
    end_sessions(crowd_, 0, static_cast<uint32_t>(shape_.subscribers.size()));
  }
  crowd_.close_all();
}

}  // namespace

void run_flow(const Options& options, Report& report) {
  Flow(options).run(report);
}

}  // namespace muster::clients::bench
