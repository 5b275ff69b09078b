// What core/wire costs: a message to and from MessagePack, and an item through a Stream. Run a
// release build: cmake --build --preset release --target bench_wire_bench

#include <benchmark/benchmark.h>

#include "core/wire/codec.hpp"
#include "core/wire/links.hpp"

namespace muster::wire {
namespace {

Publish publish_of(size_t payload_size) {
  Publish publish;
  publish.publication.topic = "plant/7/line/12/sensor/temperature";
  publish.publication.payload = Slice(Bytes(payload_size, 'x'));
  publish.publication.qos = 1;
  publish.publication.publisher = "sensor-000123";
  publish.publication.published_ms = 1'700'000'000'000;
  return publish;
}

Claim claim_of() {
  Claim claim;
  claim.client_id = "sensor-000123";
  claim.user = "plant-7";
  claim.serial = Serial{123'456};
  claim.connected_us = 5'000'000;
  claim.address = "192.168.10.20:51234";
  claim.since_ms = 1'700'000'000'000;
  return claim;
}

void encode_one(benchmark::State& state, const Message& message) {
  Bytes bytes;
  for (auto _ : state) {
    bytes.clear();
    encode(message, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK_CAPTURE(encode_one, publish_64, publish_of(64));
BENCHMARK_CAPTURE(encode_one, publish_4096, publish_of(4096));
BENCHMARK_CAPTURE(encode_one, claim, claim_of());

void decode_one(benchmark::State& state, const Message& message) {
  Bytes bytes;
  encode(message, bytes);
  for (auto _ : state) {
    auto decoded = decode(bytes);
    benchmark::DoNotOptimize(decoded);
  }
}
BENCHMARK_CAPTURE(decode_one, publish_64, publish_of(64));
BENCHMARK_CAPTURE(decode_one, publish_4096, publish_of(4096));
BENCHMARK_CAPTURE(decode_one, claim, claim_of());

// Two nodes that are up with each other; frames go straight over.
class Pair {
 public:
  Pair() {
    left_.know(now_, right_.self());
    for (int i = 0; i < 4; ++i) pass();
  }

  Links& left() { return left_; }
  // One turn of each, frames handed over; events seen by the right one.
  size_t pass() {
    while (left_.next_event() != nullptr) {
    }
    left_.finish_turn(now_);
    for (OutFrame& frame : left_.take_effects().frames) {
      right_.receive(now_, {"b", frame.channel, std::move(frame.bytes)});
    }
    size_t events = 0;
    while (right_.next_event() != nullptr) ++events;
    right_.finish_turn(now_);
    for (OutFrame& frame : right_.take_effects().frames) {
      left_.receive(now_, {"a", frame.channel, std::move(frame.bytes)});
    }
    return events;
  }

 private:
  Now now_{Instant(std::chrono::seconds(1)), {}};
  Links left_{{"b", Role::broker, Incarnation{1}, "inproc://b", "inproc://bb"}, {}, false};
  Links right_{{"a", Role::broker, Incarnation{2}, "inproc://a", "inproc://ab"}, {}, false};
};

// One item: stream(), its share of finish_turn(), receive() and the acknowledgement. The argument
// is how many items a turn brings.
void stream_items(benchmark::State& state, const Message& message) {
  Pair pair;
  const std::string to = "a";
  const int64_t items = state.range(0);
  size_t events = 0;
  for (auto _ : state) {
    for (int64_t i = 0; i < items; ++i) pair.left().stream(to, message);
    events += pair.pass();
  }
  if (events != static_cast<size_t>(state.iterations() * items)) state.SkipWithError("lost");
  state.SetItemsProcessed(state.iterations() * items);
}
BENCHMARK_CAPTURE(stream_items, publish_64, publish_of(64))->Arg(1)->Arg(16)->Arg(256)->Arg(1024);
BENCHMARK_CAPTURE(stream_items, claim, claim_of())->Arg(256);

void only_stream(benchmark::State& state) {
  Pair pair;
  const Message message = publish_of(64);
  const std::string to = "a";
  for (auto _ : state) {
    for (int i = 0; i < 256; ++i) pair.left().stream(to, message);
    state.PauseTiming();
    pair.pass();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 256);
}
BENCHMARK(only_stream);

}  // namespace
}  // namespace muster::wire
