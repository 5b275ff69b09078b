// What came encoded goes through an inbox as it came, and what was changed since does not.

#include <gtest/gtest.h>

#include <variant>

#include "core/wire/codec.hpp"

namespace muster::wire {
namespace {

Publication sample() {
  Publication publication;
  publication.topic = "a/b";
  publication.payload = "hello";
  publication.properties = Bytes("\x01\x01", 2);
  publication.qos = 1;
  publication.expiry_s = 77;
  publication.publisher = "client";
  publication.published_ms = 1234567890123;
  publication.durability = Durability::power;
  return publication;
}

Bytes encoded(const Publication& publication) {
  Bytes bytes;
  encode(Message(Deliver{"device", Term{1}, {InboxEntry{7, false, publication, {}, false}}}),
         bytes);
  return bytes;
}

Publication arrived(const Publication& sent) {
  const Message message = decode(encoded(sent)).value();
  return std::get<Deliver>(message).entries.at(0).publication;
}

void expect_same(const Publication& a, const Publication& b) {
  EXPECT_EQ(a.topic, b.topic);
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.properties, b.properties);
  EXPECT_EQ(a.qos, b.qos);
  EXPECT_EQ(a.retain, b.retain);
  EXPECT_EQ(a.expiry_s, b.expiry_s);
  EXPECT_EQ(a.publisher, b.publisher);
  EXPECT_EQ(a.published_ms, b.published_ms);
  EXPECT_EQ(a.durability, b.durability);
}

TEST(Publication, IsSentOnAsItCame) {
  const Publication once = arrived(sample());
  EXPECT_TRUE(once.is_as_it_came());
  EXPECT_EQ(encoded(once), encoded(sample()));
  expect_same(arrived(once), sample());
}

TEST(Publication, WhatAnEntryOfAnInboxChangesIsSent) {
  Publication changed = sample();
  Publication came = arrived(sample());
  for (Publication* one : {&changed, &came}) {
    one->qos = 2;
    one->retain = true;
    one->expiry_s = 5;
  }
  EXPECT_FALSE(came.is_as_it_came());
  EXPECT_EQ(encoded(came), encoded(changed));
}

TEST(Publication, OtherMessagesAreSentAsTheyAre) {
  Publication came = arrived(sample());
  came.payload.clear();
  Bytes bytes;
  encode(Message(Publish{came}), bytes);
  const Message message = decode(bytes).value();
  expect_same(std::get<Publish>(message).publication, came);
}

TEST(Publication, OwnsItsEncodedFormWithItsTexts) {
  Publication expected = sample();
  expected.properties = {};  // an empty text points nowhere
  Publication kept = arrived(expected);
  const BytesView frame = kept.encoded.bytes;
  own(kept);
  EXPECT_NE(kept.encoded.bytes.data(), frame.data());
  EXPECT_GE(kept.topic.data(), kept.encoded.bytes.data());
  expect_same(kept, expected);
  expect_same(arrived(kept), expected);
}

TEST(Publication, ALargeOneKeepsItsPayloadOnly) {
  Publication large = sample();
  large.payload = Bytes(large_text_bytes, 'x');
  Publication came = arrived(large);
  EXPECT_FALSE(came.is_as_it_came());
  own(came);
  expect_same(came, large);
}

TEST(Publication, IsReadBackAsItWasStored) {
  const Publication came = arrived(sample());
  expect_same(decode_publication(came.encoded.bytes).value(), sample());
  EXPECT_FALSE(decode_publication(came.encoded.bytes.substr(1)).has_value());
}

}  // namespace
}  // namespace muster::wire
