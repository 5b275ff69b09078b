#include "core/mqtt/value_set.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace muster::mqtt {
namespace {

struct Member {
  uint32_t who = 0;
  uint32_t what = 0;
};
uint64_t looked_at = 0;  // how often a member's identity was asked for
struct Who {
  uint32_t operator()(const Member& member) const {
    ++looked_at;
    return member.who;
  }
};
using Set = ValueSet<Member, Who>;

std::map<uint32_t, uint32_t> all_of(const Set& set) {
  std::map<uint32_t, uint32_t> all;
  for (const Member& member : set) EXPECT_TRUE(all.emplace(member.who, member.what).second);
  return all;
}

TEST(ValueSet, HoldsWhatAMapHolds) {
  for (const uint32_t range : {3u, 40u, 400u}) {
    SCOPED_TRACE(range);
    std::mt19937_64 random(range);
    Set set;
    std::map<uint32_t, uint32_t> model;
    for (int round = 0; round < 20'000; ++round) {
      // Grows to the range and shrinks to nothing, again and again.
      const bool growing = round / 2000 % 2 == 0;
      const Member member{static_cast<uint32_t>(random() % range),
                          static_cast<uint32_t>(random() % 9)};
      if ((random() % 4 != 0) == growing) {
        ASSERT_EQ(set.add(member), model.count(member.who) == 0);
        model[member.who] = member.what;
      } else {
        ASSERT_EQ(set.remove(member), model.erase(member.who) == 1);
      }
      ASSERT_EQ(set.size(), model.size());
      const Member* found = set.find(member);
      ASSERT_EQ(found != nullptr, model.count(member.who) == 1);
      EXPECT_TRUE(found == nullptr || found->what == model[member.who]);
    }
    EXPECT_EQ(all_of(set), model);
    Set moved = std::move(set);
    EXPECT_EQ(all_of(moved), model);
  }
}

TEST(ValueSet, ComingAndGoingCostTheSameAmongMany) {
  Set set;
  constexpr uint32_t many = 100'000;
  for (uint32_t who = 0; who < many; ++who) set.add({who, 1});
  looked_at = 0;
  for (uint32_t round = 0; round < 1000; ++round) {
    EXPECT_TRUE(set.remove({round * 97, 0}));
    EXPECT_TRUE(set.add({round * 97, 2}));
  }
  EXPECT_LT(looked_at, 1000u * 100);
}

}  // namespace
}  // namespace muster::mqtt
