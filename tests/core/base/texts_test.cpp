#include "core/base/texts.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

TEST(Texts, GiveBackWhatWasPutIn) {
  const Texts<4> texts({"ann/phone", "phone", "", "127.0.0.1:4711"});
  EXPECT_EQ(texts[0], "ann/phone");
  EXPECT_EQ(texts[1], "phone");
  EXPECT_EQ(texts[2], "");
  EXPECT_EQ(texts[3], "127.0.0.1:4711");
}

TEST(Texts, WhatTheOneBeforeEndsWithIsKeptOnce) {
  const Texts<3> texts({"ann/phone", "phone", "address"});
  EXPECT_EQ(texts[1].data(), texts[0].data() + 4);
  EXPECT_EQ(texts[2].data(), texts[0].data() + 9);
}

TEST(Texts, StayWhereTheyAreWhenMoved) {
  Texts<2> texts({"device", "user"});
  const BytesView device = texts[0];
  const Texts<2> moved = std::move(texts);
  EXPECT_EQ(moved[0].data(), device.data());
}

TEST(Texts, MayBeMadeOfThemselves) {
  Texts<2> texts({"device", "user"});
  texts = Texts<2>({texts[1], texts[0]});
  EXPECT_EQ(texts[0], "user");
  EXPECT_EQ(texts[1], "device");
}

TEST(Texts, AreEmptyAtFirst) {
  const Texts<2> texts;
  EXPECT_EQ(texts[0], "");
  EXPECT_EQ(texts[1], "");
  EXPECT_EQ(Texts<2>({"", ""})[1], "");
}

}  // namespace
}  // namespace muster
