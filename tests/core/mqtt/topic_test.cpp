#include "core/mqtt/topic.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace muster::mqtt {
namespace {

// The examples of sections 4.7.1 to 4.7.3, and their borders.
TEST(Matches, ExamplesOfTheStandard) {
  const struct {
    BytesView filter, topic;
  } yes[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1"},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking"},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"},
      {"sport/#", "sport"},
      {"#", "a/b"},
      {"sport/tennis/+", "sport/tennis/player1"},
      {"sport/+", "sport/"},
      {"+/+", "/finance"},
      {"/+", "/finance"},
      {"+/tennis/#", "sport/tennis"},
      {"$SYS/#", "$SYS/a"},
      {"$SYS/monitor/+", "$SYS/monitor/Clients"},
      {"+/b", "a/b"},
      {"#", "/"},
      {"/", "/"},
      {"a/+/#", "a/b"},
      {"a/+/#", "a/"},
      {"a//b", "a//b"},
      {"a/+/b", "a//b"},
  };
  for (const auto& row : yes) EXPECT_TRUE(matches(row.filter, row.topic)) << row.filter;
  const struct {
    BytesView filter, topic;
  } no[] = {
      {"sport/tennis/+", "sport/tennis/player1/ranking"},
      {"sport/+", "sport"},
      {"+", "/finance"},
      {"#", "$SYS/a"},
      {"+/monitor/Clients", "$SYS/monitor/Clients"},
      {"a/b", "a/b/"},
      {"a/b/", "a/b"},
      {"ACCOUNTS", "Accounts"},
      {"a/+/#", "a"},
      {"a", "ab"},
      {"ab", "a"},
      {"a/#", "ab"},
  };
  for (const auto& row : no) EXPECT_FALSE(matches(row.filter, row.topic)) << row.filter;
}

TEST(HasWildcard, LooksEverywhere) {
  EXPECT_TRUE(has_wildcard("#"));
  EXPECT_TRUE(has_wildcard("a/+/b"));
  EXPECT_FALSE(has_wildcard("a/b"));
}

// Nothing that matches is passed over, and the search goes on.
TEST(SeekBehind, LeavesNothingOut) {
  std::mt19937 random(1);
  const auto any_of = [&](const std::vector<Bytes>& levels) {
    Bytes text;
    for (size_t n = 1 + random() % 4; n > 0; --n) {
      text += levels[random() % levels.size()];
      if (n > 1) text += '/';
    }
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    std::set<Bytes> topics;
    for (int n = 0; n < 40; ++n) topics.insert(any_of({"a", "b", "a!", "ab", "", "$s", "0", "z"}));
    topics.erase("");
    Bytes filter = any_of({"a", "b", "+", "+", "a!", "$s", "z"});
    if (random() % 4 == 0) filter += "/#";
    for (const Bytes& topic : topics) {
      if (matches(filter, topic)) continue;
      const Bytes seek = seek_behind(filter, topic);
      ASSERT_GT(seek, topic) << filter;
      for (auto it = topics.upper_bound(topic); it != topics.end() && *it < seek; ++it) {
        ASSERT_FALSE(matches(filter, *it)) << filter << " " << topic << " " << *it;
      }
    }
  }
}

TEST(SeekBehind, PassesOverWhatCannotMatch) {
  EXPECT_EQ(seek_behind("+/s/x", "retained/0/0"), "retained/s");
  EXPECT_EQ(seek_behind("+/s/x", "retained/t"), "retained0");
  EXPECT_EQ(seek_behind("+", "a/b/c"), "a0");
  EXPECT_EQ(seek_behind("a/+/b", "b"), "\xFF");
  EXPECT_EQ(seek_behind("#", "$s/x"), "%");
}

}  // namespace
}  // namespace muster::mqtt
