#include "query/packed_row.hpp"

#include <gtest/gtest.h>

namespace muster::query {
namespace {

wire::AnswerRow row() {
  wire::AnswerRow row;
  row.device = {"thermometer", "anna",     true, Incarnation{3}, "broker-1", Serial{4}, Term{5},
                "10.0.0.1:1",  uint8_t{5}, 60,   true,           1000,       2000};
  row.status = wire::Status::online;
  row.number = 17;
  return row;
}

PackedRow pack(const wire::AnswerRow& row) {
  const wire::DeviceRow& device = row.device;
  RowView view = view_of(row);
  if (row.attributes.empty()) view.attributes = nullptr;
  return PackedRow(view, {row.number, device.broker, device.serial, device.term,
                          device.keep_alive_s, device.connected, device.persistent});
}

TEST(PackedRow, SaysAllThatWentIn) {
  for (const char* user : {"anna", "thermometer", "~thermometer", ""}) {
    wire::AnswerRow in = row();
    in.device.user = user;
    EXPECT_EQ(pack(in).answer(), in) << user;
    EXPECT_EQ(pack(in).device(), "thermometer");
    EXPECT_EQ(pack(in).user(), user);
    in.device.device = "";
    in.attributes = {{"room", "12"}, {"floor", "1"}};
    EXPECT_EQ(pack(in).answer(), in) << user;
  }
}

TEST(PackedRow, KnowsWhatAWatcherCanTellApart) {
  const wire::AnswerRow one = row();
  wire::AnswerRow other = row();
  other.device.since_ms = 5;
  EXPECT_TRUE(pack(one).looks_like(pack(other)));
  other.device.address = "10.0.0.1:2";
  EXPECT_FALSE(pack(one).looks_like(pack(other)));
  PackedRow gone = pack(one);
  gone.disconnect();
  EXPECT_FALSE(gone.looks_like(pack(one)));
  EXPECT_FALSE(gone.answer().device.connected);
  other.status = wire::Status::offline;
  EXPECT_TRUE(gone.looks_like(pack(other)));
}

TEST(PackedRow, ComparesAttributes) {
  wire::AnswerRow with = row();
  with.attributes = {{"room", "12"}};
  EXPECT_TRUE(pack(row()).same_attributes(pack(row())));
  EXPECT_TRUE(pack(with).same_attributes(pack(with)));
  EXPECT_FALSE(pack(with).same_attributes(pack(row())));
  EXPECT_FALSE(pack(row()).same_attributes(pack(with)));
}

}  // namespace
}  // namespace muster::query
