// The retained messages of one shard: replica, own values, pages, expiry, sweeping.

#include "broker/retained_table.hpp"

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

using std::chrono::seconds;

class RetainedTableTest : public ::testing::Test {
 protected:
  static RetainedValue value(const std::string& topic, const std::string& payload) {
    RetainedValue value;
    value.topic = topic;
    value.payload = payload;
    return value;
  }
  std::string read(const std::string& filter, size_t most = 1000, size_t bytes = 1 << 20) {
    std::string after, text;
    bool last = false;
    pages = 0;
    while (!last) {
      std::vector<RetainedValue> found;
      last = table.read(now, filter, after, most, bytes, found);
      for (const RetainedValue& one : found)
        text.append(one.topic).append("=").append(one.payload) += " ";
      ++pages;
    }
    return text;
  }
  void snapshot(const std::vector<RetainedValue>& values) {
    table.begin();
    for (const RetainedValue& one : values) table.set(now, one);
    table.end();
  }

  Now now{Instant(seconds(100)), WallTime{}};
  RetainedTable table{2};
  int pages = 0;
};

TEST_F(RetainedTableTest, FindsWhatAFilterMatches) {
  snapshot({value("a", "1"), value("a/b", "2"), value("a/b/c", "3"), value("ab", "4"),
            value("b/b", "5"), value("$s/x", "6")});
  EXPECT_EQ(read("a"), "a=1 ");
  EXPECT_EQ(read("a/b"), "a/b=2 ");
  EXPECT_EQ(read("nothing"), "");
  EXPECT_EQ(read("a/#"), "a=1 a/b=2 a/b/c=3 ");
  EXPECT_EQ(read("+/b"), "a/b=2 b/b=5 ");
  EXPECT_EQ(read("#"), "a=1 a/b=2 a/b/c=3 ab=4 b/b=5 ");
  EXPECT_EQ(read("$s/#"), "$s/x=6 ");
}

TEST_F(RetainedTableTest, TheLastOneWinsAndAnEmptyOneClears) {
  table.set(now, value("a", "1"));
  table.set(now, value("a", "2"));
  EXPECT_EQ(read("a"), "a=2 ");
  table.set(now, value("a", ""));
  EXPECT_EQ(read("a"), "");
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(RetainedTableTest, PagesGoOnWhereTheyEnded) {
  for (char c = 'a'; c <= 'z'; ++c) table.set(now, value(std::string(1, c), "x"));
  const std::string all = read("#");
  EXPECT_EQ(pages, 1);
  EXPECT_EQ(read("#", 5), all);
  EXPECT_EQ(pages, 6);
  EXPECT_EQ(read("#", 1000, 3), all);
  EXPECT_GT(pages, 10);
  EXPECT_EQ(read("q", 1), "q=x ");
}

TEST_F(RetainedTableTest, ASnapshotReplacesWhatItDidNotName) {
  snapshot({value("a", "1"), value("b", "1")});
  table.begin();
  table.set(now, value("a", "2"));
  EXPECT_EQ(read("#"), "a=2 b=1 ");  // not whole yet
  table.end();
  EXPECT_EQ(read("#"), "a=2 ");
  EXPECT_LE(table.next_sweep(), now.mono);
  table.sweep(now, 1);
  table.sweep(now, 10);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.next_sweep(), never);
}

TEST_F(RetainedTableTest, OwnIsShownUntilItsEcho) {
  table.set(now, value("a", "old"));
  table.own(now, ShardIndex{1}, 1, value("a", "mine"));
  table.own(now, ShardIndex{0}, 1, value("b", "mine too"));
  EXPECT_EQ(read("#"), "a=mine b=mine too ");
  table.set(now, value("a", "another's, before mine"));
  EXPECT_EQ(read("a"), "a=mine ");
  table.set(now, value("a", "mine"));
  table.set(now, value("a", "another's, after mine"));
  table.echoed({0, 1});
  EXPECT_EQ(read("#"), "a=another's, after mine b=mine too ");
  table.echoed({1, 1});
  EXPECT_EQ(read("b"), "");  // it was refused
  EXPECT_EQ(table.owns(), 0u);
}

TEST_F(RetainedTableTest, OnlyTheNewestOwnOneEndsWithItsEcho) {
  table.own(now, ShardIndex{0}, 1, value("a", "1"));
  table.own(now, ShardIndex{0}, 2, value("a", "2"));
  table.set(now, value("a", "1"));
  table.echoed({1, 0});
  EXPECT_EQ(read("a"), "a=2 ");
  table.own(now, ShardIndex{1}, 5, value("a", "3"));
  table.echoed({2, 0});
  EXPECT_EQ(read("a"), "a=3 ");
}

TEST_F(RetainedTableTest, AnOwnClearHidesTheReplica) {
  table.set(now, value("a", "1"));
  table.own(now, ShardIndex{0}, 1, value("a", ""));
  EXPECT_EQ(read("#"), "");
  table.set(now, value("a", ""));
  table.echoed({1, 0});
  EXPECT_EQ(read("#"), "");
}

TEST_F(RetainedTableTest, AnEchoMayComeBeforeTheLetter) {
  table.set(now, value("a", "1"));
  table.set(now, value("a", "2"));
  table.echoed({1, 0});
  table.own(now, ShardIndex{0}, 1, value("a", "1"));
  EXPECT_EQ(read("a"), "a=2 ");
}

TEST_F(RetainedTableTest, WhatHasExpiredIsNotReadAndIsSwept) {
  RetainedValue brief = value("a", "1");
  brief.expiry_s = 10;
  table.set(now, brief);
  table.own(now, ShardIndex{0}, 1, [&] {
    RetainedValue own = brief;
    own.topic = "b";
    return own;
  }());
  EXPECT_EQ(table.next_sweep(), now.mono + seconds(10));
  now.mono += seconds(4);
  std::string after;
  std::vector<RetainedValue> found;
  table.read(now, "a", after, 10, 1000, found);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].expiry_s, 6u);
  now.mono += seconds(6);
  EXPECT_EQ(read("#"), "");
  table.sweep(now, 10);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.next_sweep(), never);
}

TEST_F(RetainedTableTest, OwnValuesWithoutEchoAreBounded) {
  for (uint64_t i = 1; i <= 100'000; ++i) table.own(now, ShardIndex{0}, i, value("same", "x"));
  EXPECT_EQ(table.owns(), 1u);
  EXPECT_LT(table.waiting(), 5000u);
  for (uint64_t i = 1; i <= 70'000; ++i) {
    table.own(now, ShardIndex{1}, i, value("t" + std::to_string(i), "x"));
  }
  EXPECT_LE(table.owns(), RetainedTable::own_limit);
}

}  // namespace
}  // namespace muster::broker
