// Plain packets, and what another server may say is a run of them.

#include "core/mqtt/plain_packet.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {
namespace {

Bytes packet(BytesView topic, BytesView payload, Qos qos, uint16_t id, Version version,
             bool retain = false, bool dup = false) {
  Publish publish;
  publish.topic = topic;
  publish.payload = payload;
  publish.qos = qos;
  publish.packet_id = id;
  publish.retain = retain;
  publish.dup = dup;
  Bytes bytes;
  encode(publish, version, bytes);
  return bytes;
}

TEST(PlainRun, IsReadAsItWasWritten) {
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
      const uint16_t id = qos == Qos::at_most_once ? 0 : 7;
      const Bytes long_payload(300, 'x');
      const Bytes bytes = packet("a/b", "1", qos, id, version) +
                          packet("a/b", long_payload, qos, id, version) +
                          packet("a/b", "", qos, id, version);
      const auto run = read_plain_run(bytes, version);
      ASSERT_TRUE(run);
      EXPECT_EQ(run->topic, "a/b");
      EXPECT_EQ(run->qos, qos);
      EXPECT_EQ(run->count, 3u);
      EXPECT_EQ(run->payload, 301u);
      std::vector<Bytes> payloads;
      for_each_plain(run->packets, version, [&](BytesView whole, const PlainPacket& one) {
        EXPECT_EQ(one.id, id);
        payloads.emplace_back(one.payload_of(whole));
      });
      EXPECT_EQ(payloads, (std::vector<Bytes>{"1", long_payload, ""}));
    }
  }
}

TEST(PlainRun, IsNothingElse) {
  constexpr Version v4 = Version::v3_1_1;
  const Bytes first = packet("a", "1", Qos::at_least_once, 1, v4);
  EXPECT_TRUE(read_plain_run(first, v4));
  EXPECT_FALSE(read_plain_run("", v4));
  EXPECT_FALSE(read_plain_run(BytesView(first).substr(0, first.size() - 1), v4));
  EXPECT_FALSE(read_plain_run(first + "0", v4));
  EXPECT_FALSE(read_plain_run(first + packet("b", "1", Qos::at_least_once, 2, v4), v4));
  EXPECT_FALSE(read_plain_run(first + packet("a", "1", Qos::at_most_once, 0, v4), v4));
  EXPECT_FALSE(read_plain_run(packet("a", "1", Qos::at_least_once, 1, v4, true), v4));
  EXPECT_FALSE(read_plain_run(packet("a", "1", Qos::at_least_once, 1, v4, false, true), v4));
  EXPECT_FALSE(read_plain_run(Bytes("\x36\x06\0\x01"
                                    "a\0\x01x",
                                    8),
                              v4));  // QoS 3
  EXPECT_FALSE(read_plain_run(Bytes("\x32\x06\0\x01"
                                    "a\0\0x",
                                    8),
                              v4));                             // no identifier
  EXPECT_FALSE(read_plain_run(Bytes("\x30\x03\0\0x", 5), v4));  // no topic
  EXPECT_FALSE(read_plain_run(packet("a", Bytes(20'000, 'x'), Qos::at_most_once, 0, v4), v4));
}

// Whatever the bytes are: what is taken for a run is one, packet by packet to its end.
TEST(PlainRun, ChangedBytesAreARunOrNone) {
  std::mt19937 random(1);
  const Bytes whole = packet("a/b", "12", Qos::at_least_once, 1, Version::v5) +
                      packet("a/b", "345", Qos::at_least_once, 2, Version::v5);
  size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes bytes = whole.substr(0, whole.size() - random() % 3);
    for (auto changes = random() % 3; changes > 0; --changes) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto run = read_plain_run(bytes, Version::v5);
    if (!run) continue;
    ++taken;
    size_t size = 0;
    for_each_plain(run->packets, Version::v5, [&](BytesView one, const PlainPacket& packet) {
      EXPECT_EQ(packet.topic, run->topic);
      size += one.size();
    });
    EXPECT_EQ(size, bytes.size());
  }
  EXPECT_GT(taken, 100u);
}

}  // namespace
}  // namespace muster::mqtt
