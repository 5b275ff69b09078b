#include "core/mqtt/topic.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace muster::mqtt
