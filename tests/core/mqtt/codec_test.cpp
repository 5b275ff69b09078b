// What the packet gallery does not say: framing of streams, the doors beside decode(), and that
// values survive encoding.

#include "core/mqtt/codec.hpp"

#include <gtest/gtest.h>

namespace muster::mqtt {
namespace {

Bytes encoded(const Packet& packet, Version version) {
  Bytes out;
  encode(packet, version, out);
  return out;
}

Frame framed(BytesView bytes) {
  size_t needed = 0;
  auto frame = next_frame(bytes, 1'000'000, needed);
  MUSTER_CHECK(frame.has_value() && frame->whole.size() == bytes.size());
  return *frame;
}

void expect_round_trip(const Packet& packet, Version version, Sender sender) {
  const Bytes bytes = encoded(packet, version);
  auto decoded = decode(framed(bytes), version, sender);
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(*decoded, packet);
}

Properties message_properties() {
  Properties properties;
  properties.payload_format_indicator = 1;
  properties.message_expiry_interval = 3600;
  properties.content_type = "text/plain";
  properties.response_topic = "answers/1";
  properties.correlation_data = BytesView("\0\1\2", 3);
  properties.user_properties = {{"a", "1"}, {"a", "2"}};
  return properties;
}

Connect full_connect() {
  Connect packet;
  packet.keep_alive = 60;
  packet.client_id = "device";
  packet.will = WillMessage{"last/words", "gone", Qos::exactly_once, true, message_properties()};
  packet.will->properties.will_delay_interval = 5;
  packet.user_name = "name";
  packet.password = BytesView("\0secret", 7);
  packet.properties.session_expiry_interval = 100;
  packet.properties.receive_maximum = 20;
  packet.properties.topic_alias_maximum = 0;
  packet.properties.maximum_packet_size = 100'000;
  packet.properties.authentication_method = "method";
  packet.properties.authentication_data = "data";
  return packet;
}

TEST(Codec, ConnectSurvives) {
  expect_round_trip(full_connect(), Version::v5, Sender::client);
  for (const Version version : {Version::v3_1, Version::v3_1_1}) {
    Connect packet = full_connect();
    packet.version = version;
    packet.properties = {};
    packet.will->properties = {};
    expect_round_trip(packet, version, Sender::client);
  }
}

TEST(Codec, PublishSurvives) {
  Publish packet{"a/b", "hello", Qos::at_least_once, true, true, 77, message_properties()};
  packet.properties.topic_alias = 3;
  expect_round_trip(packet, Version::v5, Sender::client);
  packet.properties.subscription_identifiers = {1, 128, 268'435'455};
  expect_round_trip(packet, Version::v5, Sender::server);
  packet.properties = {};
  expect_round_trip(packet, Version::v3_1_1, Sender::client);
}

TEST(Codec, FrameAsksForMore) {
  const Bytes payload(200, 'x');
  const Bytes bytes = encoded(Publish{"t", payload}, Version::v5);
  for (size_t size = 0; size < bytes.size(); ++size) {
    size_t needed = 99;
    auto frame = next_frame(BytesView(bytes).substr(0, size), 1000, needed);
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->whole.empty());
    EXPECT_EQ(needed, size < 3 ? 0 : bytes.size());
  }
}

TEST(Codec, FrameJudgesSizeFromItsHeader) {
  size_t needed = 0;
  EXPECT_EQ(next_frame("\x30\xC8\x01", 202, needed).error(), Reason::packet_too_large);
  EXPECT_TRUE(next_frame("\x30\xC8\x01", 203, needed));
}

TEST(Codec, PublishViewTellsWhatMayBeForwarded) {
  Publish packet{"t", "x"};
  packet.properties = message_properties();
  Bytes bytes = encoded(packet, Version::v5);
  auto view = decode_publish(framed(bytes), Version::v5);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->forwardable);
  EXPECT_EQ(view->message_expiry, 3600u);
  Bytes plain;
  encode_properties(packet.properties, plain);
  EXPECT_EQ(view->properties, plain);

  packet.properties.topic_alias = 9;
  packet.properties.subscription_identifiers = {5};
  bytes = encoded(packet, Version::v5);
  EXPECT_EQ(decode_publish(framed(bytes), Version::v5).error(), Reason::protocol_error);
  view = decode_publish(framed(bytes), Version::v5, Sender::server);
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->forwardable);
  EXPECT_EQ(view->topic_alias, 9);
  Bytes forwarded;
  forwardable_properties(view->properties, forwarded);
  EXPECT_EQ(forwarded, plain);

  packet.properties.topic_alias.reset();
  packet.properties.subscription_identifiers.clear();
  packet.properties.message_expiry_interval = 5;
  Bytes aged;
  forwardable_properties(view->properties, 5, aged);
  EXPECT_EQ(*decode_publish_properties(aged), packet.properties);
}

TEST(Codec, AcknowledgementDoorsAgreeWithTheLargeOnes) {
  for (const PacketType type :
       {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
    for (const Version version : {Version::v3_1_1, Version::v5}) {
      Acknowledgement packet{type, 513, Reason::success, {}};
      Bytes bytes;
      encode_acknowledgement(version, type, 513, Reason::success, bytes);
      EXPECT_EQ(bytes, encoded(packet, version));
      auto view = decode_acknowledgement(framed(bytes), version);
      ASSERT_TRUE(view);
      EXPECT_EQ(view->packet_id, 513);
      expect_round_trip(packet, version, Sender::client);
    }
  }
  Bytes bytes;
  encode_acknowledgement(Version::v5, PacketType::pubrel, 7, Reason::packet_identifier_not_found,
                         bytes);
  auto view = decode_acknowledgement(framed(bytes), Version::v5);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->reason, Reason::packet_identifier_not_found);
}

TEST(Codec, ConnectVersionOfTheAnswer) {
  const auto version_of = [](BytesView name, char level) {
    Bytes bytes(1, '\x10');
    bytes += static_cast<char>(2 + name.size() + 1);
    bytes += '\0';
    bytes += static_cast<char>(name.size());
    bytes += name;
    bytes += level;
    return connect_version(framed(bytes));
  };
  EXPECT_EQ(version_of("MQTT", 5), Version::v5);
  EXPECT_EQ(version_of("MQTT", 6), Version::v5);
  EXPECT_EQ(version_of("MQTT", 4), Version::v3_1_1);
  EXPECT_EQ(version_of("MQTT", '\x84'), Version::v3_1_1);
  EXPECT_EQ(version_of("MQIsdp", 3), Version::v3_1_1);
}

TEST(Codec, OldVersionsAreToldWhatTheyKnow) {
  EXPECT_EQ(encoded(Auth{}, Version::v3_1_1), "");
  EXPECT_EQ(encoded(Connack{false, Reason::unspecified_error, {}}, Version::v3_1_1), "");
  EXPECT_EQ(encoded(Connack{false, Reason::banned, {}}, Version::v3_1_1),
            Bytes("\x20\x02\x00\x05", 4));
  EXPECT_EQ(encoded(Suback{1, {Reason::quota_exceeded}, {}}, Version::v3_1_1),
            Bytes("\x90\x03\x00\x01\x80", 5));
  EXPECT_EQ(encoded(Unsuback{1, {Reason::success}, {}}, Version::v3_1_1),
            Bytes("\xB0\x02\x00\x01", 4));
}

TEST(Utf8, AgreesWithItsDefinitionAtEveryPlace) {
  const BytesView bad[] = {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF",
                           "\x80",     "\xE2\x82",     BytesView("\0", 1)};
  const BytesView good[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF"};
  for (size_t before = 0; before < 20; ++before) {
    for (size_t after = 0; after < 20; ++after) {
      const auto text = [&](BytesView middle) {
        return Bytes(before, 'a') + Bytes(middle) + Bytes(after, 'z');
      };
      for (const BytesView one : bad) EXPECT_FALSE(valid_utf8(text(one)));
      for (const BytesView one : good) EXPECT_TRUE(valid_utf8(text(one)));
      for (const BytesView one : good) EXPECT_TRUE(valid_topic_name(text(one)));
      for (const BytesView one : {"+", "#"}) EXPECT_FALSE(valid_topic_name(text(one)));
      for (const BytesView one : {"*", "$", ",", "\x7F", "\x01"}) {
        EXPECT_TRUE(valid_topic_name(text(one)));
      }
    }
  }
}

TEST(TopicFilter, WildcardsStandAlone) {
  for (const BytesView good : {"a", "/", "+", "#", "a/+", "+/b", "a/+/#", "/+/", "$share/g/a/#",
                               "$share", "$shared/x", "$share/g//", " "}) {
    EXPECT_TRUE(valid_topic_filter(good)) << good;
  }
  for (const BytesView bad : {"", "a#", "#/a", "a+", "+a", "a/+b/c", "a/#/b", "$share/", "$share/g",
                              "$share/g/", "$share//a", "$share/+/a", "$share/g#/a", "\xFF"}) {
    EXPECT_FALSE(valid_topic_filter(bad)) << bad;
  }
}

}  // namespace
}  // namespace muster::mqtt
