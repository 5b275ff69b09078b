// The codec against the packet gallery, and against everything near it.

#include "tests/support/gallery.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::mqtt {
namespace {

using support::gallery;
using support::GalleryRow;

constexpr size_t roomy = 1'000'000;

// What a receiver makes of these bytes; a packet that is not whole yet gives nothing.
std::optional<Expected<Packet, Reason>> judge(BytesView bytes, Version version, Sender sender) {
  size_t needed = 0;
  auto frame = next_frame(bytes, roomy, needed);
  if (!frame) return Expected<Packet, Reason>(Unexpected{frame.error()});
  if (frame->whole.empty()) return std::nullopt;
  return decode(*frame, version, sender);
}

Bytes encoded(const Packet& packet, Version version) {
  Bytes bytes;
  encode(packet, version, bytes);
  return bytes;
}

// What decodes must encode, and decode to the same.
void expect_survives(const Packet& packet, Version version, Sender sender) {
  const Bytes bytes = encoded(packet, version);
  const auto again = judge(bytes, version, sender);
  ASSERT_TRUE(again && again->has_value());
  EXPECT_TRUE(**again == packet);
}

// The doors beside decode() say the same.
void expect_doors_agree(const GalleryRow& row) {
  size_t needed = 0;
  auto frame = next_frame(row.bytes, roomy, needed);
  if (!frame) return;
  if (frame->type == PacketType::publish) {
    auto view = decode_publish(*frame, row.version, row.sender);
    ASSERT_EQ(view.has_value(), row.value.has_value());
    if (!view) {
      EXPECT_EQ(view.error(), row.reason);
    } else {
      EXPECT_EQ(view->topic, std::get<Publish>(*row.value).topic);
      EXPECT_EQ(view->payload, std::get<Publish>(*row.value).payload);
    }
  }
  if (frame->type >= PacketType::puback && frame->type <= PacketType::pubcomp) {
    auto view = decode_acknowledgement(*frame, row.version);
    ASSERT_EQ(view.has_value(), row.value.has_value());
    if (!view) {
      EXPECT_EQ(view.error(), row.reason);
    } else {
      EXPECT_EQ(view->reason, std::get<Acknowledgement>(*row.value).reason);
    }
  }
}

TEST(Gallery, IsLargeEnough) {
  const auto bad = std::count_if(gallery().begin(), gallery().end(),
                                 [](const GalleryRow& row) { return !row.value; });
  EXPECT_GE(bad, 300);
  EXPECT_GE(static_cast<long>(gallery().size()) - bad, 200);
  const auto bad_old = std::count_if(gallery().begin(), gallery().end(), [](const GalleryRow& row) {
    return !row.value && row.version != Version::v5;
  });
  EXPECT_GE(bad_old, 700);
  std::printf("%zu rows, %ld of them bad\n", gallery().size(), static_cast<long>(bad));
}

TEST(Gallery, DecodesToWhatItSays) {
  for (const GalleryRow& row : gallery()) {
    SCOPED_TRACE(row.name);
    const auto result = judge(row.bytes, row.version, row.sender);
    ASSERT_TRUE(result);
    if (row.value) {
      ASSERT_TRUE(result->has_value()) << to_string(result->error());
      EXPECT_TRUE(**result == *row.value);
    } else {
      ASSERT_FALSE(result->has_value());
      EXPECT_EQ(result->error(), row.reason)
          << to_string(result->error()) << ", not " << to_string(row.reason);
    }
    expect_doors_agree(row);
  }
}

TEST(Gallery, EncodesToItself) {
  for (const GalleryRow& row : gallery()) {
    if (!row.value) continue;
    SCOPED_TRACE(row.name);
    EXPECT_EQ(encoded(*row.value, row.version) == row.bytes, row.canonical);
    expect_survives(*row.value, row.version, row.sender);
  }
}

TEST(Gallery, EveryTruncationAsksForMore) {
  for (const GalleryRow& row : gallery()) {
    if (!row.value) continue;
    for (size_t size = 0; size < row.bytes.size(); ++size) {
      const auto result = judge(BytesView(row.bytes).substr(0, size), row.version, row.sender);
      EXPECT_FALSE(result) << row.name << " cut to " << size;
    }
  }
}

// A body cut short with its Remaining Length made to fit is mostly refused, for the reason that the
// standard names; some packets may end early and then mean what they say.
TEST(Gallery, EveryShortenedBodyIsRefusedWithItsReasonOrSurvives) {
  for (const GalleryRow& row : gallery()) {
    for (const GalleryRow& cut : support::cuts(row)) {
      SCOPED_TRACE(cut.name);
      const auto result = judge(cut.bytes, cut.version, cut.sender);
      ASSERT_TRUE(result);
      EXPECT_EQ(result->has_value() ? Reason::success : result->error(), cut.reason);
      if (result->has_value()) expect_survives(**result, cut.version, cut.sender);
    }
  }
}

// Every bit turned over, read as every version from every sender: no crash, and what is accepted
// survives.
TEST(Gallery, EveryFlippedBitIsRefusedOrSurvives) {
  for (const GalleryRow& row : gallery()) {
    if (!row.value) continue;
    Bytes bytes = row.bytes;
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      const auto flip = static_cast<char>(1 << bit % 8);
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ flip);
      for (const Sender sender : {Sender::client, Sender::server}) {
        const auto result = judge(bytes, row.version, sender);
        if (!result || !result->has_value()) continue;
        const auto* connect = std::get_if<Connect>(&**result);
        expect_survives(**result, connect != nullptr ? connect->version : row.version, sender);
      }
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ flip);
    }
  }
}

}  // namespace
}  // namespace muster::mqtt
