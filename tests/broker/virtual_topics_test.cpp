// The topics below $user: names as levels and back, presence filters, one's own topics.

#include "broker/virtual_topics.hpp"

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

TEST(VirtualTopics, NamesAreEncodedAsOneLevelAndBack) {
  for (const char* name : {"alice", "a/b", "100%", "+#$", "tab\there", "\x7f", "%41", "é"}) {
    std::string level = topic_level(name);
    EXPECT_EQ(level.find_first_of("/+#$\t\x7f"), std::string::npos) << name;
    EXPECT_EQ(name_of_level(level), name);
  }
  EXPECT_EQ(topic_level("a/b"), "a%2Fb");
  EXPECT_EQ(name_of_level("50%"), "50%");
  EXPECT_EQ(name_of_level("%4"), "%4");
}

TEST(VirtualTopics, PresenceFilters) {
  auto one = presence_filter("$user/a%2Fb/presence", "x");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->user, "a/b");
  EXPECT_FALSE(one->state_only);
  auto all = presence_filter("$user/+/presence/state", "x");
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->user, "+");
  EXPECT_TRUE(all->state_only);
  EXPECT_EQ(presence_filter("$user/me/presence", "x/y")->user, "x/y");
  EXPECT_FALSE(presence_filter("$user/a/inbox", "x").has_value());
  EXPECT_FALSE(presence_filter("user/a/presence", "x").has_value());
  EXPECT_FALSE(presence_filter("$user/a/b/presence", "x").has_value());
}

TEST(VirtualTopics, OnesOwnTopics) {
  EXPECT_EQ(own_topic("$user/me/inbox", "a/b"), "$user/a%2Fb/inbox");
  EXPECT_EQ(own_topic("$user/mere/inbox", "a"), "$user/mere/inbox");
  EXPECT_TRUE(is_inbox_topic("$user/alice/inbox"));
  EXPECT_FALSE(is_inbox_topic("$user//inbox"));
  EXPECT_FALSE(is_inbox_topic("$user/alice/presence"));
}

TEST(VirtualTopics, WhatClientsMayPublishTo) {
  for (const char* topic : {"a", "a/$b", "$user/alice/inbox", "$user/me/inbox"}) {
    EXPECT_TRUE(is_clients_topic(topic)) << topic;
  }
  for (const char* topic :
       {"$SYS/broker/version", "$user/alice/presence", "$user/me/info", "$query", "$foo"}) {
    EXPECT_FALSE(is_clients_topic(topic)) << topic;
  }
}

TEST(VirtualTopics, ANameFitsIntoItsTopics) {
  EXPECT_TRUE(fits_topics(std::string(65'514, 'x')));
  EXPECT_FALSE(fits_topics(std::string(65'515, 'x')));
  EXPECT_FALSE(fits_topics(std::string(21'839, '/')));  // three bytes each
}

}  // namespace
}  // namespace muster::broker
