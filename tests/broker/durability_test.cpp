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
  const DurabilityRules rules({"alarm/#=power", "alarm/test=process", "a=b=process"});
  const auto of = [&](BytesView topic, BytesView properties) {
    return rules.of(topic, properties, Durability::memory);
  };
  EXPECT_EQ(of("news", ""), Durability::memory);
  EXPECT_EQ(of("alarm/fire", ""), Durability::power);
  EXPECT_EQ(of("alarm/test", ""), Durability::power);  // the strongest that matches
  EXPECT_EQ(of("a=b", ""), Durability::process);
  EXPECT_EQ(of("alarm/fire", property("durability", "memory")), Durability::memory);
  EXPECT_EQ(of("news", property("durability", "power")), Durability::power);
  EXPECT_EQ(of("alarm/fire", property("durability", "eternal")), Durability::power);
  EXPECT_EQ(of("alarm/fire", property("other", "memory")), Durability::power);
}

TEST(Durability, EachDoorHasItsOwn) {
  const DurabilityRules rules({"alarm/#=power"});
  for (const auto door : {Durability::memory, Durability::process, Durability::power}) {
    EXPECT_EQ(rules.of("news", "", door), door);
    EXPECT_EQ(rules.of("news", property("durability", "eternal"), door), door);
    EXPECT_EQ(rules.of("alarm/fire", "", door), Durability::power);
  }
}

TEST(Durability, WhereNothingIsSaidTheStoreDecides) {
  const DurabilityRules rules({});
  EXPECT_EQ(rules.of("news", "", Durability::standard), Durability::standard);
  EXPECT_EQ(rules.of("news", property("x", "y"), Durability::standard), Durability::standard);
}

TEST(Durability, ALevelHasOneName) {
  for (const auto level : {Durability::memory, Durability::process, Durability::power}) {
    EXPECT_EQ(parse_durability(durability_name(level)), level);
  }
  EXPECT_EQ(durability_name(Durability::standard), "");
}

}  // namespace
}  // namespace muster::broker
