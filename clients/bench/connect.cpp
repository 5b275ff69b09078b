// Clients that connect and leave again, always so many at once; each has a name of its own. With
// filters they subscribe before they leave, and with --persistent their sessions stay.

#include <fmt/core.h>

#include <algorithm>

#include "clients/bench/gathering.hpp"
#include "clients/bench/meter.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/connection.hpp"

namespace muster::clients::bench {
namespace {

class Storm : public Listener {
 public:
  Storm(const Options& options, Crowd& crowd) : options_(options), crowd_(crowd) {}

  void begin() {
    const uint32_t at_once = options_.connections > 0 ? options_.connections : 64;
    for (uint32_t i = 0; i < at_once; ++i) {
      crowd_.add("", !options_.persistent);
      next(i);
    }
    awaited_.resize(at_once);
  }

  void on_packet(uint32_t client, const mqtt::Frame& frame) override {
    if (frame.type == mqtt::PacketType::connack) {
      if (recording) latency.add(crowd_.read_at() - crowd_.opened_at(client));
      const Subscribes asked =
          subscribes_for(filters(client), options_.quality(), crowd_.version());
      awaited_[client] = asked.count;
      crowd_.send(client, asked.packets);
    } else if (frame.type == mqtt::PacketType::suback) {
      judge_suback(frame, crowd_.version());
      --awaited_[client];
    }
    if (awaited_[client] > 0) return;
    ++done;
    crowd_.close(client);
    next(client);
  }

  void on_closed(uint32_t client) override {
    ++failed;
    next(client);
  }

  uint64_t done = 0;
  uint64_t failed = 0;
  Histogram latency;
  bool recording = false;

 private:
  bool enough() const { return options_.messages > 0 && started_ >= options_.messages; }

  void next(uint32_t client) {
    if (enough()) return;
    crowd_.rename(client, fmt::format("c{}", started_++));
    crowd_.open(client);
  }

  std::vector<std::string> filters(uint32_t) const {
    std::vector<std::string> all;
    for (uint32_t i = 0; i < options_.filters; ++i) {
      all.push_back(fmt::format("idle/{}{}/{}", crowd_.target().id_prefix, done, i));
    }
    return all;
  }

  const Options& options_;
  Crowd& crowd_;
  uint64_t started_ = 0;
  std::vector<uint32_t> awaited_;  // SUBACKs
};

}  // namespace

void run_connect(const Options& options, Report& report) {
  Crowd crowd(options.target);
  Storm storm(options, crowd);
  const Meter meter(options.broker_pids);
  const Nanos began = now();
  const bool counted = options.messages > 0;  // so many and no more: then all are measured
  const Nanos measure_at = began + (counted ? Nanos{} : nanos_of(options.warmup));
  const Nanos end_at = counted ? Nanos::max() : measure_at + nanos_of(options.seconds);
  Moment from = meter.look();
  uint64_t done_before = 0;
  Nanos moved = began;
  storm.begin();
  for (Nanos at = began; at < end_at; at = now()) {
    if (counted && storm.done >= options.messages) break;
    if (!storm.recording && at >= measure_at) {
      from = meter.look();
      done_before = storm.done;
      storm.recording = true;
    }
    crowd.turn(look_again, storm);
    moved = std::max(moved, crowd.read_at());
    if (now() - moved > patience) throw Failure("the broker accepts nobody any more");
  }
  const Moment to = meter.look();
  meter.write(from, to, storm.done - done_before, report);
  meter.write_memory(from, to, storm.done - done_before, "broker_bytes_each", report);
  report.percentiles("", storm.latency);
  report.count("failed", storm.failed);
  crowd.close_all();
}

}  // namespace muster::clients::bench
