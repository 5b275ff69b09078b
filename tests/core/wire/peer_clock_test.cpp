// What a peer says of its clock, read on ours: the fastest frame of the last seconds counts.

#include "core/wire/peer_clock.hpp"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration ahead = std::chrono::hours(30);  // of ours: their clock

class PeerClockTest : public ::testing::Test {
 protected:
  // A frame that was made at `made` arrives.
  void frame(Duration made, Duration on_its_way) {
    now = Instant(made + on_its_way);
    clock.heard(now, (made + ahead).count());
  }
  // What happened at `ours`, said by them.
  Duration read(Duration ours) const { return Duration(clock.here(now, (ours + ahead).count())); }

  PeerClock clock;
  Instant now{};
};

TEST_F(PeerClockTest, WhatWaitedOnItsWayIsNoYounger) {
  frame(seconds(100), Duration(150));
  frame(seconds(101), milliseconds(80));
  EXPECT_EQ(read(milliseconds(100'900)), milliseconds(100'900) + Duration(150));
}

TEST_F(PeerClockTest, AFasterFrameCorrectsWhatWasThought) {
  frame(seconds(100), milliseconds(80));
  EXPECT_EQ(read(seconds(99)), seconds(99) + milliseconds(80));
  frame(seconds(101), Duration(90));
  EXPECT_EQ(read(seconds(99)), seconds(99) + Duration(90));
}

TEST_F(PeerClockTest, OldFramesAreForgotten) {
  frame(seconds(100), Duration(10));
  frame(seconds(106), Duration(300));
  EXPECT_EQ(read(seconds(99)), seconds(99) + Duration(10));  // of the period before
  frame(seconds(112), Duration(400));
  EXPECT_EQ(read(seconds(99)), seconds(99) + Duration(300));
}

TEST_F(PeerClockTest, NothingHasHappenedLaterThanNow) {
  frame(seconds(100), Duration(150));
  EXPECT_EQ(read(seconds(500)), now.time_since_epoch());
}

TEST_F(PeerClockTest, AnyNumberIsATime) {
  for (const int64_t said : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    PeerClock odd;
    odd.heard(Instant(seconds(1)), said);
    for (const int64_t theirs : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
      EXPECT_LE(odd.here(Instant(seconds(1)), theirs), Duration(seconds(1)).count());
    }
  }
}

}  // namespace
}  // namespace muster::wire
