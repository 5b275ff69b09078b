// The machines for messages under way: PacketIds, IdSet and InboxWindow.

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "core/mqtt/id_set.hpp"
#include "core/mqtt/inbox_window.hpp"
#include "core/mqtt/packet_ids.hpp"

namespace muster::mqtt {
namespace {

using State = InboxWindow::State;

TEST(PacketIds, GivesEachOnceUntilTheWindowIsFull) {
  constexpr uint16_t windows[] = {1, 20, 63, 64, 1000, 65'535};
  for (const uint16_t window : windows) {
    PacketIds ids(window);
    std::set<uint16_t> used;
    for (uint32_t i = 0; i < window; ++i) EXPECT_TRUE(used.insert(ids.acquire()).second);
    EXPECT_EQ(used.count(0), 0u);
    EXPECT_TRUE(ids.full());
    EXPECT_EQ(ids.acquire(), 0);
    EXPECT_TRUE(ids.release(*used.rbegin()));
    EXPECT_FALSE(ids.release(*used.rbegin()));
    EXPECT_EQ(ids.acquire(), *used.rbegin());
  }
}

TEST(PacketIds, KnowsNothingBeforeTheFirst) {
  PacketIds ids(10);
  EXPECT_FALSE(ids.release(1));
  EXPECT_FALSE(ids.release(65'535));
  EXPECT_NE(ids.acquire(), 0);
  EXPECT_FALSE(ids.release(0));
}

TEST(PacketIds, AgreesWithASet) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    PacketIds ids(static_cast<uint16_t>(1 + random() % 500));
    std::set<uint16_t> used;
    for (int round = 0; round < 5000; ++round) {
      if (random() % 2 == 0) {
        const uint16_t id = ids.acquire();
        ASSERT_EQ(id == 0, used.size() == ids.window());
        ASSERT_TRUE(id == 0 || used.insert(id).second);
      } else {
        const auto id = static_cast<uint16_t>(random() % 1200);
        ASSERT_EQ(ids.release(id), used.erase(id) == 1);
      }
      ASSERT_EQ(ids.in_use(), used.size());
    }
  }
}

TEST(IdSet, AgreesWithASet) {
  std::mt19937_64 random(7);
  IdSet ids;
  std::set<uint16_t> model;
  EXPECT_FALSE(ids.contains(65'535));
  for (int round = 0; round < 20'000; ++round) {
    const auto id = static_cast<uint16_t>(random() % 3 == 0 ? random() : random() % 64);
    if (random() % 2 == 0) {
      ASSERT_EQ(ids.insert(id), model.insert(id).second);
    } else {
      ASSERT_EQ(ids.erase(id), model.erase(id) == 1);
    }
    ASSERT_EQ(ids.size(), model.size());
    ASSERT_EQ(ids.contains(id), model.contains(id));
  }
}

TEST(InboxWindow, PacketIdFollowsFromTheNumber) {
  EXPECT_EQ(InboxWindow::packet_id_of(0), 1);
  EXPECT_EQ(InboxWindow::packet_id_of(65'534), 65'535);
  EXPECT_EQ(InboxWindow::packet_id_of(65'535), 1);
}

TEST(InboxWindow, WaitsForTheReceiver) {
  InboxWindow window(2);
  const uint16_t first = window.start(10, State::awaits_puback);
  window.start(12, State::awaits_puback);
  EXPECT_FALSE(window.may_start(13));
  EXPECT_EQ(window.answered(PacketType::puback, first, Reason::success), 10u);
  EXPECT_TRUE(window.may_start(13));
  EXPECT_EQ(window.oldest(), 12u);
}

TEST(InboxWindow, OneStuckEntryHoldsTheSpan) {
  InboxWindow window;
  const uint16_t stuck = window.start(100, State::awaits_puback);
  for (uint64_t number = 101; number < 100 + InboxWindow::span_limit; ++number) {
    ASSERT_TRUE(window.may_start(number));
    const uint16_t id = window.start(number, State::awaits_puback);
    ASSERT_NE(id, stuck);
    ASSERT_EQ(window.answered(PacketType::puback, id, Reason::success), number);
  }
  EXPECT_FALSE(window.may_start(100 + InboxWindow::span_limit));
  EXPECT_EQ(window.answered(PacketType::puback, stuck, Reason::success), 100u);
  EXPECT_TRUE(window.may_start(100 + InboxWindow::span_limit));
}

TEST(InboxWindow, ExactlyOnceHasTwoSteps) {
  InboxWindow window;
  const uint16_t id = window.start(7, State::awaits_pubrec);
  EXPECT_FALSE(window.answered(PacketType::puback, id, Reason::success));
  EXPECT_FALSE(window.answered(PacketType::pubcomp, id, Reason::success));
  EXPECT_EQ(window.stored(7), 0);
  EXPECT_EQ(window.answered(PacketType::pubrec, id, Reason::success), 7u);
  EXPECT_EQ(window.state(id), State::awaits_store);
  EXPECT_FALSE(window.answered(PacketType::pubcomp, id, Reason::success));
  EXPECT_EQ(window.stored(6), 0);
  EXPECT_EQ(window.stored(7), id);
  EXPECT_EQ(window.stored(7), 0);
  EXPECT_EQ(window.state(id), State::awaits_pubcomp);
  EXPECT_EQ(window.answered(PacketType::pubrec, id, Reason::success), 7u);  // said again
  EXPECT_EQ(window.answered(PacketType::pubcomp, id, Reason::success), 7u);
  EXPECT_EQ(window.state(id), State::none);
  EXPECT_EQ(window.in_flight(), 0);

  const uint16_t refused = window.start(8, State::awaits_pubrec);
  EXPECT_EQ(window.answered(PacketType::pubrec, refused, Reason::quota_exceeded), 8u);
  EXPECT_EQ(window.state(refused), State::none);
}

TEST(InboxWindow, AgreesWithAMap) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    InboxWindow window(static_cast<uint16_t>(1 + random() % 300));
    std::map<uint16_t, uint64_t> model;
    uint64_t number = random() % 1'000'000;
    for (int round = 0; round < 20'000; ++round) {
      if (random() % 2 == 0) {
        number += 1 + (random() % 10 == 0 ? random() % 50 : 0);
        if (!window.may_start(number)) continue;
        const uint16_t id = window.start(number, State::awaits_puback);
        ASSERT_TRUE(model.emplace(id, number).second);
      } else {
        auto at = model.lower_bound(static_cast<uint16_t>(random()));
        if (at == model.end()) continue;
        ASSERT_EQ(window.answered(PacketType::puback, at->first, Reason::success), at->second);
        ASSERT_FALSE(window.answered(PacketType::puback, at->first, Reason::success));
        model.erase(at);
      }
      ASSERT_EQ(window.in_flight(), model.size());
    }
  }
}

}  // namespace
}  // namespace muster::mqtt
