// The topic aliases that we set, byte for byte (MQTT 5.0, 3.3.2.3.4).

#include "core/mqtt/outgoing_aliases.hpp"

#include <gtest/gtest.h>

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {
namespace {

using namespace std::string_literals;

Bytes published(BytesView topic, BytesView properties, Qos qos, uint16_t packet_id) {
  Bytes packet;
  encode_publish(Version::v5, topic, "xy", properties, qos, false, false, packet_id, packet);
  return packet;
}

TEST(OutgoingAliases, AreSetOnceAndThenStandForTheTopic) {
  OutgoingAliases aliases(1);
  Bytes out;
  aliases.append(published("a/b", {}, Qos::at_most_once, 0), 0, SIZE_MAX, out);
  EXPECT_EQ(out, "\x30\x0B\x00\x03"s + "a/b" + "\x03\x23\x00\x01"s + "xy");
  out.clear();
  aliases.append(published("a/b", "\x01\x01", Qos::at_least_once, 0x1234), 0, SIZE_MAX, out);
  EXPECT_EQ(out, "\x32\x0C\x00\x00\x12\x34\x05\x23\x00\x01\x01\x01xy"s);
}

TEST(OutgoingAliases, AreNoMoreThanTheReceiverTakes) {
  OutgoingAliases aliases(1);
  Bytes out;
  aliases.append(published("first", {}, Qos::at_most_once, 0), 0, SIZE_MAX, out);
  out.clear();
  const Bytes second = published("second", {}, Qos::at_most_once, 0);
  aliases.append(second, 0, SIZE_MAX, out);
  EXPECT_EQ(out, second);
}

TEST(OutgoingAliases, CountWhatFollows) {
  OutgoingAliases aliases(1);
  const Bytes packet = published("a/b", {}, Qos::at_most_once, 0);
  Bytes out;
  aliases.append(packet.substr(0, packet.size() - 2), 2, SIZE_MAX, out);
  EXPECT_EQ(out + "xy", "\x30\x0B\x00\x03"s + "a/b" + "\x03\x23\x00\x01"s + "xy");
}

TEST(OutgoingAliases, NeverMakeAPacketTooLarge) {
  OutgoingAliases aliases(1);
  const Bytes packet = published("a/b", {}, Qos::at_most_once, 0);
  Bytes out;
  aliases.append(packet, 0, packet.size(), out);
  EXPECT_EQ(out, packet);
  out.clear();
  aliases.append(packet, 0, packet.size() + 3, out);  // it was not set before
  EXPECT_EQ(out.size(), packet.size() + 3);
}

}  // namespace
}  // namespace muster::mqtt
