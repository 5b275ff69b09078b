// What global's mind costs, links and codec of both ends included, without the store: a connection
// that comes and goes, a message through an inbox. Run a release build:
//   cmake --build --preset release --target bench_global_bench

#include <benchmark/benchmark.h>

#include <string>

#include "core/wire/links.hpp"
#include "global/global.hpp"

namespace muster::global {
namespace {

// Global and one broker; every batch is stored at once, in nothing.
class Pair {
 public:
  Pair() {
    broker_.know(now_,
                 {"global", wire::Role::global, Incarnation::none, "inproc://g", "inproc://h"});
    global_.start(now_);
    for (int i = 0; i < 10; ++i) turn();
  }

  void say(const wire::Message& message) { broker_.stream("global", message); }
  wire::Links& broker() { return broker_; }

  // Both sides once. What the broker has received is left in `received`.
  void turn() {
    now_.mono += std::chrono::milliseconds(1);
    now_.wall.ms += 1;
    received.clear();
    while (wire::LinkEvent* event = broker_.next_event()) {
      if (auto* e = std::get_if<wire::Received>(event)) received.push_back(std::move(e->message));
    }
    broker_.finish_turn(now_);
    for (wire::OutFrame& frame : broker_.take_effects().frames) {
      global_.receive(now_, {"b1", frame.channel, std::move(frame.bytes)});
    }
    for (int i = 0; i < 2; ++i) {
      global_.finish_turn(now_);
      if (auto batch = global_.take_batch()) global_.stored(now_, batch->number);
    }
    for (wire::OutFrame& frame : global_.take_effects().frames) {
      broker_.receive(now_, {"global", frame.channel, std::move(frame.bytes)});
    }
  }

  std::vector<wire::Message> received;

 private:
  Now now_{Instant(std::chrono::seconds(1)), {1'700'000'000'000}};
  wire::Links broker_{
      {"b1", wire::Role::broker, Incarnation{7}, "inproc://b", "inproc://c"}, {}, false};
  Global global_{
      {}, {"global", wire::Role::global, Incarnation{8}, "inproc://g", "inproc://h"}, {}};
};

wire::Claim claim(const std::string& client_id, uint64_t serial, bool persistent) {
  wire::Claim claim;
  claim.client_id = claim.user = client_id;
  claim.serial = Serial{serial};
  claim.persistent = persistent;
  claim.clean_start = !persistent;
  claim.session_expiry_s = persistent ? 3600 : 0;
  claim.address = "192.168.17.23:51234";
  return claim;
}

void come_and_go(benchmark::State& state) {
  Pair pair;
  const auto devices = static_cast<uint64_t>(state.range(0));
  std::vector<std::string> names;
  for (uint64_t i = 0; i < devices; ++i) names.push_back("device-" + std::to_string(i * 7919));
  uint64_t serial = 0;
  constexpr int batch = 64;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      const std::string& name = names[++serial % devices];
      pair.say(claim(name, serial, false));
      wire::Gone gone;
      gone.client_id = name;
      gone.serial = Serial{serial};
      pair.say(gone);
    }
    pair.turn();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(come_and_go)->Arg(1000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

// 64 B, QoS 1: taken, stored, streamed, acknowledged; to `range` sessions.
void inbox_message(benchmark::State& state) {
  Pair pair;
  const auto sessions = static_cast<uint64_t>(state.range(0));
  for (uint64_t serial = 1; serial <= sessions; ++serial) {
    pair.say(claim("session-" + std::to_string(serial), serial, true));
  }
  pair.turn();
  pair.turn();
  for (const wire::Message& message : pair.received) {
    const auto* grant = std::get_if<wire::Grant>(&message);
    if (grant == nullptr) continue;
    wire::Subscription subscription;
    subscription.filter = "plant/7/#";
    subscription.qos = 1;
    pair.say(wire::SubscribeSession{grant->client_id, grant->term, 1, {subscription}});
  }
  pair.turn();
  wire::Publication publication;
  publication.topic = "plant/7/line/12/temperature";
  publication.payload = std::string(64, 'x');
  publication.qos = 1;
  publication.publisher = "sensor-12";
  uint64_t delivered = 0;
  constexpr int batch = 64;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) pair.say(wire::Publish{publication});
    pair.turn();
    for (const wire::Message& message : pair.received) {
      const auto* deliver = std::get_if<wire::Deliver>(&message);
      if (deliver == nullptr) continue;
      wire::InboxAck ack{deliver->client_id, deliver->term, {}};
      for (const auto& entry : deliver->entries) ack.numbers.push_back(entry.number);
      delivered += ack.numbers.size();
      pair.say(ack);
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(delivered));
}
BENCHMARK(inbox_message)->Arg(1)->Arg(10)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace muster::global
