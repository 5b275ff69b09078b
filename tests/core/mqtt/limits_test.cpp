// The largest packets (MQTT 5.0, 2.1.4): Remaining Length 268,435,455 and not a byte more.

#include <gtest/gtest.h>

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {
namespace {

using namespace std::string_literals;

constexpr size_t remaining_limit = 268'435'455;

TEST(Limits, TheLargestRemainingLengthIsTaken) {
  size_t needed = 0;
  const auto frame = next_frame("\x30\xFF\xFF\xFF\x7F"s, SIZE_MAX, needed);
  ASSERT_TRUE(frame);
  EXPECT_TRUE(frame->whole.empty());
  EXPECT_EQ(needed, remaining_limit + 5);
  EXPECT_EQ(largest_packet_size, remaining_limit + 5);
}

TEST(Limits, AConfiguredMaximumComesFirst) {
  size_t needed = 0;
  EXPECT_TRUE(next_frame("\x30\xFF\xFF\xFF\x7F"s, largest_packet_size, needed));
  EXPECT_EQ(next_frame("\x30\xFF\xFF\xFF\x7F"s, largest_packet_size - 1, needed).error(),
            Reason::packet_too_large);
}

TEST(Limits, TheLargestPublishIsEncodedAndALargerOneIsNot) {
  const Bytes payload(remaining_limit - 3, 'x');  // a topic of one character
  Bytes packet;
  EXPECT_TRUE(encode_publish(Version::v3_1_1, "t", payload, {}, Qos::at_most_once, false, false, 0,
                             packet));
  EXPECT_EQ(packet.size(), largest_packet_size);
  EXPECT_EQ(packet.substr(0, 5), "\x30\xFF\xFF\xFF\x7F"s);
  size_t needed = 0;
  const auto frame = next_frame(packet, largest_packet_size, needed);
  ASSERT_TRUE(frame);
  EXPECT_EQ(decode_publish(*frame, Version::v3_1_1)->payload.size(), payload.size());
  packet = {};
  EXPECT_FALSE(  // the length of its properties makes it too large
      encode_publish(Version::v5, "t", payload, {}, Qos::at_most_once, false, false, 0, packet));
  EXPECT_TRUE(packet.empty());
}

}  // namespace
}  // namespace muster::mqtt
