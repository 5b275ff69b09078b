// Which level a publication gets: its own wish, its topic's, its door's.

#include "broker/durability.hpp"

#include <gtest/gtest.h>

#include "core/mqtt/codec.hpp"

namespace muster::broker {
namespace {

using wire::Durability;

// Raw properties with one user property.
Bytes property(BytesView name, BytesView value) {
  const auto text = [](BytesView bytes) {
    return Bytes{static_cast<char>(bytes.size() >> 8), static_cast<char>(bytes.size())} +
           Bytes(bytes);
  };
  return "\x26" + text(name) + text(value);
}

TEST(Durability, ThePublishersWishGoesBeforeTheTopicAndThatBeforeTheDoor) {
  const DurabilityRules rules({"memory", {"alarm/#=power", "alarm/test=process", "a=b=process"}});
  EXPECT_EQ(rules.of("news", ""), Durability::memory);
  EXPECT_EQ(rules.of("alarm/fire", ""), Durability::power);
  EXPECT_EQ(rules.of("alarm/test", ""), Durability::power);  // the strongest that matches
  EXPECT_EQ(rules.of("a=b", ""), Durability::process);
  EXPECT_EQ(rules.of("alarm/fire", property("durability", "memory")), Durability::memory);
  EXPECT_EQ(rules.of("news", property("durability", "power")), Durability::power);
  EXPECT_EQ(rules.of("alarm/fire", property("durability", "eternal")), Durability::power);
  EXPECT_EQ(rules.of("alarm/fire", property("other", "memory")), Durability::power);
}

TEST(Durability, WhereNothingIsSaidTheStoreDecides) {
  const DurabilityRules rules(DurabilityOptions{});
  EXPECT_EQ(rules.of("news", ""), Durability::standard);
  EXPECT_EQ(rules.of("news", property("x", "y")), Durability::standard);
}

}  // namespace
}  // namespace muster::broker
