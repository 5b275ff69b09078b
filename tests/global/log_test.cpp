#include "global/log.hpp"

#include <gtest/gtest.h>

#include "core/store/store_memory.hpp"
#include "core/wire/codec.hpp"
#include "global/keys.hpp"

namespace muster::global {
namespace {

// A log on its own, with a store behind its ledger.
struct Life {
  explicit Life(store::MemoryStore& s, bool repaired = false, int64_t wall_ms = 0) : store(s) {
    const auto meta = store.get(keys::meta());
    if (*meta) log.load_meta(**meta);
    const auto done = store.scan("", [&](BytesView key, BytesView value) {
      const auto parsed = keys::parse(key);
      if (parsed->kind == keys::Kind::slot_head) log.load_head(parsed->slot, value);
      return true;
    });
    EXPECT_TRUE(done.has_value());
    log.begin(repaired, {wall_ms});
  }
  uint64_t add(uint16_t slot, const std::string& device = "d") {
    const uint64_t number = log.take_number();
    log.append_erased(number, slot, device);
    return number;
  }
  void commit() {
    const auto batch = ledger.seal(false);
    ASSERT_TRUE(batch);
    ASSERT_TRUE(store.commit(*batch, batch->sync));
    log.stored(ledger.stored(batch->number).entries);
  }

  store::MemoryStore& store;
  Ledger ledger;
  Log log{ledger, 4};
};

TEST(LogTest, ChainsTheEntriesOfEachSlot) {
  store::MemoryStore store;
  Life life(store);
  const uint64_t a = life.add(1), b = life.add(2), c = life.add(1);
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  const auto& entries = life.ledger.open().entries;
  const auto previous = [&](size_t at) { return wire::decode_row(entries[at].bytes)->previous; };
  EXPECT_EQ(previous(0), 0u);
  EXPECT_EQ(previous(1), 0u);
  EXPECT_EQ(previous(2), a);
  EXPECT_EQ(life.log.head(1), 0u);  // of what is stored
  life.commit();
  EXPECT_EQ(life.log.head(1), c);
  EXPECT_EQ(life.log.at().number, c);
}

TEST(LogTest, NoNumberIsUsedTwiceOverRestarts) {
  store::MemoryStore store;
  uint64_t last = 0;
  uint64_t last_era = 0;
  for (int life = 0; life < 5; ++life) {
    Life now(store);
    EXPECT_GT(now.log.era(), last_era);
    last_era = now.log.era();
    now.commit();
    for (int i = 0; i < 100'000; ++i) {  // over the end of a reservation
      const uint64_t number = now.log.take_number();
      ASSERT_GT(number, last);
      last = number;
    }
    if (life % 2 == 0) now.commit();
    if (life % 2 == 1) now.add(3);  // never stored: its number was not seen by anybody
    last = life % 2 == 1 ? now.log.at().number : last;
    store.crash_power();  // reservations are synced
  }
}

TEST(LogTest, AReplicaResumesWhereEveryLaterEraBegan) {
  store::MemoryStore store;
  Position seen;
  Position lost;
  {
    Life first(store);
    first.add(1);
    first.commit();  // synced: it has the reservation
    seen = first.log.at();
    EXPECT_TRUE(first.log.can_resume(seen));
    EXPECT_FALSE(first.log.can_resume({}));
    EXPECT_FALSE(first.log.can_resume({first.log.era() + 1, seen.number}));
    first.add(1);
    first.commit();  // not synced
    lost = first.log.at();
  }
  store.crash_power();
  Life second(store);
  EXPECT_TRUE(second.log.can_resume(seen));
  EXPECT_FALSE(second.log.can_resume(lost));  // it has what was never
  second.add(2);
  second.commit();
  EXPECT_TRUE(second.log.can_resume(seen));
  EXPECT_FALSE(second.log.can_resume(lost));
  for (int i = 0; i < 4; ++i) second.add(3);
  second.commit();
  EXPECT_FALSE(second.log.can_resume(seen));  // the ring begins later
}

TEST(LogTest, ARepairedStoreBeginsBeyondEverythingThatWas) {
  store::MemoryStore store;
  uint64_t era = 0, number = 0;
  Position at;
  {
    Life first(store);
    era = first.log.era();
    number = first.add(1);
    first.commit();
    at = first.log.at();
  }
  store.crash_process();
  Life second(store, true, 1'700'000'000'000);
  EXPECT_GT(second.log.era(), era);
  EXPECT_GT(second.add(1), number + (uint64_t{1} << 32));
  EXPECT_FALSE(second.log.can_resume(at));
}

TEST(LogTest, TheNewestErasureOfASlotIsRemembered) {
  store::MemoryStore store;
  uint64_t number = 0;
  {
    Life first(store);
    first.add(7, "older");
    number = first.add(7, "newer");
    first.commit();
    EXPECT_EQ(first.log.erased_heads().at(7).number, number);
  }
  Life second(store);
  EXPECT_EQ(second.log.head(7), number);
  EXPECT_EQ(std::get<wire::DeviceErased>(second.log.erased_heads().at(7).row).device, "newer");
}

}  // namespace
}  // namespace muster::global
