#include "global/record.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "global/keys.hpp"

namespace muster::global {
namespace {

TEST(RecordTest, ReadsWhatWasWritten) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  const Bytes bytes = Writer()
                          .number(0)
                          .number(127)
                          .number(128)
                          .number(UINT64_MAX)
                          .integer(-1)
                          .integer(least)
                          .text("")
                          .text(Bytes("a\0b", 3))
                          .take();
  Reader reader(bytes);
  EXPECT_EQ(reader.number(), 0u);
  EXPECT_EQ(reader.number(), 127u);
  EXPECT_EQ(reader.number(), 128u);
  EXPECT_EQ(reader.number(), UINT64_MAX);
  EXPECT_EQ(reader.integer(), -1);
  EXPECT_EQ(reader.integer(), least);
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.text(), Bytes("a\0b", 3));
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.bad());
}

TEST(RecordTest, MissingFieldsAreDefaultsAndShortOnesAreBad) {
  const Bytes short_record = Writer().number(7).take();
  Reader old(short_record);
  EXPECT_EQ(old.number(), 7u);
  EXPECT_EQ(old.number(), 0u);
  EXPECT_EQ(old.text(), "");
  EXPECT_FALSE(old.bad());
  const Bytes whole = Writer().text("abcdef").take();
  Reader cut(BytesView(whole).substr(0, 4));
  EXPECT_EQ(cut.text(), "");
  EXPECT_TRUE(cut.bad());
  Reader half("\x80");
  half.number();
  EXPECT_TRUE(half.bad());
}

TEST(KeysTest, AreTakenApart) {
  using keys::Kind;
  const Connection connection{Incarnation{0xFF00FF00FF00FF00}, Serial{3}};
  const Bytes will = keys::will("device", connection);
  auto key = keys::parse(will);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind, Kind::will);
  EXPECT_EQ(key->name, "device");
  EXPECT_EQ(key->number, 0xFF00FF00FF00FF00u);
  EXPECT_EQ(key->serial, 3u);
  const Bytes subscription = keys::subscription("a", "b/#");
  key = keys::parse(subscription);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->name, "a");
  EXPECT_EQ(key->filter, "b/#");
  EXPECT_EQ(key->slot, static_cast<uint16_t>(slot_of("a")));
  const Bytes entry = keys::entry("", 9);
  key = keys::parse(entry);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->number, 9u);
  EXPECT_EQ(keys::parse(keys::meta())->kind, Kind::meta);
  EXPECT_FALSE(keys::parse("xy"));
  EXPECT_FALSE(keys::parse(entry.substr(0, entry.size() - 1)));
  EXPECT_FALSE(keys::parse(keys::session("a").replace(2, 1, "?")));
}

TEST(KeysTest, OfOneNameAreNotThoseOfALongerOne) {
  EXPECT_NE(keys::subscription("a", "bc"), keys::subscription("ab", "c"));
  EXPECT_LT(keys::entry("a", 255), keys::entry("a", 256));
}

}  // namespace
}  // namespace muster::global
