// What core/mqtt costs on the hot path, per packet or per look-up. Run a release build:
//   cmake --build --preset release --target bench_mqtt_codec_bench

#include <benchmark/benchmark.h>

#include "core/mqtt/codec.hpp"
#include "core/mqtt/topic_tree.hpp"

namespace muster::mqtt {
namespace {

constexpr BytesView topic = "plant/7/line/12/sensor/temperature";

Bytes publish_bytes(Version version, size_t payload_size, bool with_properties) {
  const Bytes payload(payload_size, 'x');
  Publish packet{.topic = topic, .payload = payload, .qos = Qos::at_least_once, .packet_id = 9};
  if (with_properties) {
    packet.properties.message_expiry_interval = 60;
    packet.properties.content_type = "text/plain";
    packet.properties.response_topic = "answers/7";
  }
  Bytes bytes;
  encode(packet, version, bytes);
  return bytes;
}

void decode_one_publish(benchmark::State& state, Version version, bool with_properties) {
  const Bytes bytes = publish_bytes(version, static_cast<size_t>(state.range(0)), with_properties);
  for (auto _ : state) {
    size_t needed = 0;
    auto frame = next_frame(bytes, 1'000'000, needed);
    auto view = decode_publish(*frame, version);
    benchmark::DoNotOptimize(view);
  }
}
BENCHMARK_CAPTURE(decode_one_publish, v3_1_1, Version::v3_1_1, false)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(decode_one_publish, v5, Version::v5, false)->Arg(64);
BENCHMARK_CAPTURE(decode_one_publish, v5_properties, Version::v5, true)->Arg(64);

void decode_any(benchmark::State& state) {
  const Bytes bytes = publish_bytes(Version::v5, 64, true);
  for (auto _ : state) {
    size_t needed = 0;
    auto frame = next_frame(bytes, 1'000'000, needed);
    auto packet = decode(*frame, Version::v5, Sender::client);
    benchmark::DoNotOptimize(packet);
  }
}
BENCHMARK(decode_any);

void encode_one_publish(benchmark::State& state, Version version) {
  const Bytes payload(static_cast<size_t>(state.range(0)), 'x');
  Bytes out;
  for (auto _ : state) {
    if (out.size() > 65'536) out.clear();
    encode_publish(version, topic, payload, {}, Qos::at_least_once, false, false, 9, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK_CAPTURE(encode_one_publish, v3_1_1, Version::v3_1_1)->Arg(64)->Arg(4096);
BENCHMARK_CAPTURE(encode_one_publish, v5, Version::v5)->Arg(64);

void acknowledge(benchmark::State& state) {
  Bytes out;
  for (auto _ : state) {
    out.clear();
    encode_acknowledgement(Version::v5, PacketType::puback, 9, Reason::success, out);
    size_t needed = 0;
    auto frame = next_frame(out, 1'000'000, needed);
    auto view = decode_acknowledgement(*frame, Version::v5);
    benchmark::DoNotOptimize(view);
  }
}
BENCHMARK(acknowledge);

struct Subscriber {
  uint64_t connection = 0;
  uint32_t options = 0;
};
struct ByConnection {
  uint64_t operator()(const Subscriber& subscriber) const { return subscriber.connection; }
};

// Topics in an order that caches do not like, when there are many.
std::vector<Bytes> topics_of(uint64_t count) {
  std::vector<Bytes> topics;
  for (uint64_t i = 0; i < 4096; ++i) {
    topics.push_back("device/" + std::to_string(i * 7919 % count) + "/state");
  }
  return topics;
}

void match(benchmark::State& state, const char* last_level) {
  const auto count = static_cast<uint64_t>(state.range(0));
  TopicTree<Subscriber, ByConnection> tree;
  for (uint64_t i = 0; i < count; ++i) {
    tree.add("device/" + std::to_string(i) + last_level, Subscriber{i, 0});
  }
  const std::vector<Bytes> topics = topics_of(count);
  size_t at = 0;
  uint64_t found = 0;
  for (auto _ : state) {
    tree.match(topics[at++ % topics.size()],
               [&](const Subscriber& one) { found += one.connection + 1; });
  }
  benchmark::DoNotOptimize(found);
}
BENCHMARK_CAPTURE(match, exact, "/state")->Arg(100)->Arg(100'000);
BENCHMARK_CAPTURE(match, wildcards, "/+")->Arg(100)->Arg(100'000);

void match_nobody(benchmark::State& state) {
  TopicTree<Subscriber, ByConnection> tree;
  tree.add("other/+", Subscriber{1, 0});
  tree.add("other", Subscriber{1, 0});
  uint64_t found = 0;
  for (auto _ : state) {
    tree.match(topic, [&](const Subscriber&) { ++found; });
  }
  benchmark::DoNotOptimize(found);
}
BENCHMARK(match_nobody);

void subscribe_and_leave(benchmark::State& state) {
  TopicTree<Subscriber, ByConnection> tree;
  for (uint64_t i = 0; i < 100'000; ++i) {
    tree.add("device/" + std::to_string(i) + "/state", Subscriber{i, 0});
  }
  for (auto _ : state) {
    tree.add("device/new/+", Subscriber{1, 0});
    tree.remove("device/new/+", Subscriber{1, 0});
  }
}
BENCHMARK(subscribe_and_leave);

}  // namespace
}  // namespace muster::mqtt
