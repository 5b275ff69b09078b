// The load generator's small machines, without a broker.

#include <gtest/gtest.h>

#include <string>

#include "clients/bench/histogram.hpp"
#include "clients/bench/options.hpp"
#include "clients/bench/payload.hpp"
#include "clients/bench/report.hpp"
#include "clients/bench/shapes.hpp"
#include "clients/bench/tally.hpp"
#include "clients/bench/template.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::clients::bench {
namespace {

using mqtt::Qos;
using mqtt::Version;
using std::chrono::seconds;

TEST(BenchHistogram, IsRightToLessThanOnePercent) {
  for (int64_t value = 1; value < int64_t{1} << 40; value += 1 + value / 7) {
    Histogram histogram;
    histogram.add(Nanos(value));
    histogram.add(Nanos(value * 4));  // the largest is known exactly: look at another one
    const auto told = static_cast<double>(histogram.percentile(0.5).count());
    EXPECT_NEAR(told, static_cast<double>(value), static_cast<double>(value) * 0.01) << value;
  }
}

TEST(BenchHistogram, CountsToItsPercentiles) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), Nanos{});
  for (int i = 1; i <= 100; ++i) histogram.add(Nanos(i));
  histogram.add(Nanos(-5));  // clocks of two cores: counts as nothing
  EXPECT_EQ(histogram.count(), 101u);
  EXPECT_EQ(histogram.percentile(0), Nanos(0));
  EXPECT_EQ(histogram.percentile(0.5), Nanos(50));
  EXPECT_EQ(histogram.percentile(0.99), Nanos(99));
  EXPECT_EQ(histogram.percentile(1), Nanos(100));
  histogram.add(Nanos::max());
  EXPECT_EQ(histogram.percentile(1), histogram.largest());
}

TEST(BenchPayload, ComesBackAsItWas) {
  for (const size_t size : {16u, 17u, 20u, 64u, 5000u}) {
    const Payload payload(size);
    Bytes bytes(payload.pattern());
    payload.stamp(bytes.data(), {.stream = 7, .number = 70'000, .sent = seconds(12)});
    Stamp stamp;
    ASSERT_TRUE(payload.read(bytes, stamp)) << size;
    EXPECT_EQ(stamp.stream, 7u);
    EXPECT_EQ(stamp.number, 70'000u);
    EXPECT_EQ(stamp.sent, seconds(12));
    EXPECT_FALSE(payload.read(bytes + "x", stamp));
    EXPECT_FALSE(payload.read(bytes.substr(1), stamp));
  }
}

TEST(BenchPayload, SeesEachChangedByteBehindTheStamp) {
  const Payload payload(64);
  Bytes bytes(payload.pattern());
  payload.stamp(bytes.data(), {.stream = 1, .number = 2, .sent = seconds(3)});
  Stamp stamp;
  for (size_t at = smallest_payload; at < bytes.size(); ++at) {
    bytes[at] ^= 1;
    EXPECT_FALSE(payload.read(bytes, stamp)) << at;
    bytes[at] ^= 1;
  }
  bytes[4] ^= 1;  // the number is there twice
  EXPECT_FALSE(payload.read(bytes, stamp));
}

TEST(BenchTemplate, IsThePublishThatTheCodecReads) {
  const Payload payload(40);
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
      const PublishTemplate packet(version, "a/b", payload, qos, true);
      Bytes bytes(packet.size(), '\0');
      packet.write(bytes.data(), payload, {.stream = 3, .number = 4, .sent = seconds(5)}, 0x1234);
      size_t needed = 0;
      const auto frame = mqtt::next_frame(bytes, mqtt::largest_packet_size, needed);
      ASSERT_TRUE(frame);
      ASSERT_EQ(frame->whole.size(), bytes.size());
      const auto view = mqtt::decode_publish(*frame, version);
      ASSERT_TRUE(view);
      EXPECT_EQ(view->topic, "a/b");
      EXPECT_EQ(view->qos, qos);
      EXPECT_TRUE(view->retain);
      EXPECT_EQ(view->packet_id, qos == Qos::at_most_once ? 0 : 0x1234);
      Stamp stamp;
      EXPECT_TRUE(payload.read(view->payload, stamp));
      EXPECT_EQ(stamp.number, 4u);
    }
  }
}

TEST(BenchTally, KnowsWhatIsMissingLateOrDoubled) {
  using Seen = Tally::Seen;
  Tally tally;
  tally.add_subscriber(0, 1);
  tally.add_subscriber(1, 2);  // streams 1 and 2
  EXPECT_EQ(tally.see(0, 0, 0), Seen::in_order);
  EXPECT_EQ(tally.see(0, 0, 3), Seen::in_order);  // 1 and 2 are missing
  EXPECT_EQ(tally.see(0, 0, 2), Seen::late);
  EXPECT_EQ(tally.see(0, 0, 2), Seen::duplicate);
  EXPECT_EQ(tally.see(0, 0, 0), Seen::duplicate);
  EXPECT_EQ(tally.see(0, 1, 0), Seen::misdirected);
  EXPECT_EQ(tally.see(1, 0, 0), Seen::misdirected);
  EXPECT_EQ(tally.see(1, 2, 0), Seen::in_order);
  EXPECT_EQ(tally.see(1, 2, UINT32_MAX), Seen::misdirected);  // not a gap anybody can have
  EXPECT_EQ(tally.received(), 4u);
  EXPECT_EQ(tally.duplicated(), 2u);
  EXPECT_EQ(tally.reordered(), 1u);
  EXPECT_EQ(tally.misdirected(), 3u);
}

TEST(BenchWindows, ABatchAloneIsSentOneByOne) {
  Options options;
  EXPECT_EQ(windows_of(options).window, 256u);
  EXPECT_EQ(windows_of(options).batch, 64u);
  options.qos = 1;
  EXPECT_EQ(windows_of(options).window, 256u);
  EXPECT_EQ(windows_of(options).inflight, 64u);
  EXPECT_EQ(windows_of(options).batch, 16u);
  options.batch = 10;
  EXPECT_EQ(windows_of(options).window, 10u);
  EXPECT_EQ(windows_of(options).inflight, 10u);
  options.window = 50;
  EXPECT_EQ(windows_of(options).window, 50u);
}

uint64_t deliveries(const Shape& shape) {
  uint64_t sum = 0;
  for (const uint32_t receivers : shape.receivers()) sum += receivers;
  return sum;
}

TEST(BenchShapes, HaveTheReceiversTheySay) {
  Options options;
  options.scenario = "fan-out";
  EXPECT_EQ(deliveries(shape_of(options)), 50u);
  options.topics = 4;
  EXPECT_EQ(deliveries(shape_of(options)), 200u);
  options = {};
  options.scenario = "fan-in";
  EXPECT_EQ(deliveries(shape_of(options)), 50u);
  options.scenario = "pairs";
  options.topics = 150;
  EXPECT_EQ(shape_of(options).streams.size(), 150u);
  EXPECT_EQ(deliveries(shape_of(options)), 150u);
  options = {};
  options.scenario = "wildcards";
  const Shape wildcards = shape_of(options);
  EXPECT_EQ(wildcards.streams.size(), 1000u);
  EXPECT_EQ(wildcards.subscribers.size(), 100u);
  EXPECT_NEAR(static_cast<double>(deliveries(wildcards)) / 1000, 8, 1);
}

TEST(BenchReport, IsALineForProgramsAndATableForPeople) {
  Report report;
  report.text("scenario", "pairs");
  report.count("sent", 12);
  report.number("broker_cpu_us", 0.12345, 3);
  EXPECT_EQ(report.json(), "{\"scenario\": \"pairs\", \"sent\": 12, \"broker_cpu_us\": 0.123}\n");
  EXPECT_EQ(report.people(),
            "FIGURE         VALUE\nscenario       pairs\nsent           12\n"
            "broker cpu us  0.123\n");
  EXPECT_EQ(us_each(2, 1'000'000), 2.0);
  EXPECT_EQ(us_each(2, 0), 0.0);
  EXPECT_EQ(per_second(10, seconds(2)), 5.0);
  EXPECT_EQ(per_second(10, Nanos{}), 0.0);
}

}  // namespace
}  // namespace muster::clients::bench
