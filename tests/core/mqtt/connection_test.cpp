// The small machines of one connection: topic aliases and keep-alive.

#include <gtest/gtest.h>

#include "core/mqtt/keep_alive.hpp"
#include "core/mqtt/topic_alias.hpp"

namespace muster::mqtt {
namespace {

TEST(TopicAliases, RememberWhatTheyWereSetTo) {
  TopicAliases aliases(3);
  EXPECT_EQ(*aliases.resolve("plain", 0), "plain");
  EXPECT_EQ(*aliases.resolve("one", 3), "one");
  EXPECT_EQ(*aliases.resolve("", 3), "one");
  EXPECT_EQ(*aliases.resolve("two", 3), "two");
  EXPECT_EQ(*aliases.resolve("", 3), "two");
}

TEST(TopicAliases, RefuseWhatWasNeverSet) {
  TopicAliases aliases(3);
  EXPECT_EQ(aliases.resolve("", 1).error(), Reason::protocol_error);
  EXPECT_TRUE(aliases.resolve("three", 3));
  EXPECT_EQ(aliases.resolve("", 2).error(), Reason::protocol_error);
  EXPECT_EQ(aliases.resolve("four", 4).error(), Reason::topic_alias_invalid);
  EXPECT_EQ(TopicAliases().resolve("one", 1).error(), Reason::topic_alias_invalid);
}

TEST(KeepAlive, OneAndAHalfTimes) {
  const Instant start{std::chrono::seconds(100)};
  EXPECT_EQ(keep_alive_deadline(start, 0), never);
  EXPECT_EQ(keep_alive_deadline(start, 1), start + std::chrono::milliseconds(1500));
  EXPECT_EQ(keep_alive_deadline(start, 65'535), start + std::chrono::milliseconds(98'302'500));
}

}  // namespace
}  // namespace muster::mqtt
