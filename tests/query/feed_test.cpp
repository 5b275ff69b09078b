#include "query/feed.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/query/rows.hpp"

namespace muster::query {
namespace {

using namespace testing;
using wire::BrokerState;

// Random entries of the log, told brokers, dropped slots, snapshots: each change of the ring reads
// as it did when it was told, whatever has become of its row.
class Changes {
 public:
  explicit Changes(uint64_t seed) : random_(seed) {
    feed_.listen(
        [this](const Change& change, uint64_t place) { told_[place] = feed_.answer(change); },
        [](bool) {}, [] {}, [] {});
    feed_.begin_snapshot();
    feed_.end_snapshot({log_.era, 0});
    for (const Incarnation on : {broker_1, broker_2}) apply(broker(on, BrokerState::alive));
  }

  void run() {
    for (int turn = 0; turn < 400; ++turn) {
      const uint64_t what = random_() % 100;
      if (what < 2) {
        snapshot();
      } else if (what < 4) {
        feed_.drop_slots_outside(SlotSet().set().reset(random_() % slot_count));
      } else {
        apply_one(what);
      }
      int64_t budget = static_cast<int64_t>(random_() % 8);
      if (random_() % 2 == 0) feed_.pump(budget);
      compare();
      if (::testing::Test::HasFailure()) return;
    }
    EXPECT_GT(told_.size(), 100u);
  }

 private:
  std::string some_device() { return "d" + std::to_string(random_() % 12); }
  std::string some_user() { return "u" + std::to_string(random_() % 3); }

  void apply_one(uint64_t what) {
    const Incarnation on = random_() % 2 ? broker_1 : broker_2;
    if (what < 50) {
      apply(online(some_device(), some_user(), on, ++serial_));
    } else if (what < 75) {
      apply(offline(some_device(), some_user()));
    } else if (what < 80) {
      apply(wire::DeviceErased{some_device()});
    } else if (what < 85) {
      apply(wire::UserRow{some_user(), {{"room", std::to_string(random_() % 3)}}});
    } else {
      const auto state = static_cast<BrokerState>(random_() % 3);
      apply(broker(on, state, static_cast<int64_t>(5000 + random_() % 100)));
    }
  }
  template <class Row>
  void apply(Row row) {
    feed_.apply(log_.add(std::move(row)));
    feed_.proven(log_.at());
  }
  // Perhaps half of one, before another begins.
  void snapshot() {
    feed_.begin_snapshot();
    for (int rows = 0; rows < 6; ++rows) {
      feed_.load(log_.add(online(some_device(), some_user(), broker_1, ++serial_)));
      feed_.load(log_.add(wire::DeviceErased{some_device()}));
      compare();
    }
    if (random_() % 2) feed_.end_snapshot(log_.at());
  }
  void compare() {
    const Ring& ring = feed_.ring();
    for (uint64_t place = ring.first(); place < ring.end(); ++place) {
      wire::AnswerRow now = feed_.answer(*ring.at(place));
      const wire::AnswerRow then = told_.at(place);
      ASSERT_EQ(text(now), text(then)) << "place " << place;
      // Its broker may have been away and be back, without anybody being told.
      ASSERT_GE(now.number, then.number);
      now.number = then.number;
      ASSERT_EQ(now, then) << "place " << place;
      ASSERT_EQ(feed_.after(*ring.at(place)).device, told_.at(place).device.device);
    }
  }

  static std::string text(const wire::AnswerRow& row) {
    const wire::DeviceRow& device = row.device;
    return fmt::format("{} {} of {} at {}, serial {}, since {}, seen {}, why {}, room {}",
                       device.device, wire::to_string(row.status), device.user, device.address,
                       static_cast<uint64_t>(device.serial), device.since_ms, device.last_seen_ms,
                       wire::to_string(device.why),
                       row.attributes.empty() ? "-" : row.attributes.at("room"));
  }

  std::mt19937_64 random_;
  Log log_;
  Options options_ = [] {
    Options options;
    options.ring_entries = 30;
    return options;
  }();
  Feed feed_{options_};
  uint64_t serial_ = 0;
  std::map<uint64_t, wire::AnswerRow> told_;  // by place in the ring
};

TEST(Feed, AChangeReadsAsItWasTold) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Changes(seed).run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace muster::query
