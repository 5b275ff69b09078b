#include "query/packed_row.hpp"

#include <gtest/gtest.h>

#include "tests/query/rows.hpp"

namespace muster::query {
namespace {

wire::AnswerRow row() {
  wire::AnswerRow row;
  row.device = testing::online("thermometer", "anna", testing::broker_1, 4);
  row.device.last_seen_ms = 2000;
  row.device.keep_alive_s = 60;
  row.device.persistent = true;
  row.status = wire::Status::online;
  row.number = 17;
  return row;
}

RowView view(const wire::AnswerRow& row) {
  RowView view = view_of(row);
  if (row.attributes.empty()) view.attributes = nullptr;
  return view;
}

RowFacts facts(const wire::AnswerRow& row) {
  const wire::DeviceRow& device = row.device;
  return {row.number,          device.broker,    device.serial,    device.term,
          device.keep_alive_s, device.connected, device.persistent};
}

PackedRow pack(const wire::AnswerRow& row) {
  return PackedRow(view(row), facts(row));
}

bool looks_like(const PackedRow& one, const wire::AnswerRow& other) {
  return one.looks_like(view(other), facts(other));
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
  EXPECT_TRUE(looks_like(pack(one), other));
  other.device.address = "10.0.0.1:2";
  EXPECT_FALSE(looks_like(pack(one), other));
  PackedRow gone = pack(one);
  gone.disconnect();
  EXPECT_FALSE(looks_like(gone, one));
  EXPECT_FALSE(gone.answer().device.connected);
  other.status = wire::Status::offline;
  EXPECT_TRUE(looks_like(gone, other));
}

TEST(PackedRow, ComparesAttributes) {
  wire::AnswerRow with = row();
  with.attributes = {{"room", "12"}};
  EXPECT_TRUE(pack(row()).same_attributes(view(row())));
  EXPECT_TRUE(pack(with).same_attributes(view(with)));
  EXPECT_FALSE(pack(with).same_attributes(view(row())));
  EXPECT_FALSE(pack(row()).same_attributes(view(with)));
}

}  // namespace
}  // namespace muster::query
