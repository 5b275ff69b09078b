#include "core/store/store_memory.hpp"

#include <gtest/gtest.h>

#include "tests/support/batch_of.hpp"

namespace muster::store {
namespace {

std::string content(Store& store, BytesView prefix = "") {
  std::string text;
  const auto done = store.scan(prefix, [&](BytesView key, BytesView value) {
    text.append(key).append("=").append(value).append(" ");
    return true;
  });
  EXPECT_TRUE(done.has_value());
  return text;
}

TEST(MemoryStoreTest, ScansByPrefixInByteOrder) {
  MemoryStore store;
  ASSERT_TRUE(store.commit(batch_of({{"b2", "y"}, {"a", "x"}, {"b1", "z"}, {"c", "w"}}), false));
  EXPECT_EQ(content(store, "b"), "b1=z b2=y ");
  EXPECT_EQ(store.get("a")->value(), "x");
  EXPECT_FALSE(store.get("b")->has_value());
}

TEST(MemoryStoreTest, AProcessCrashKeepsWhatWasWritten) {
  MemoryStore store;
  ASSERT_TRUE(store.commit(batch_of({{"a", "1"}}), true));
  ASSERT_TRUE(store.commit(batch_of({{"b", "2"}}, {"a"}), false));
  store.crash_process();
  EXPECT_EQ(content(store), "b=2 ");
}

TEST(MemoryStoreTest, ALossOfPowerKeepsWhatWasSynced) {
  MemoryStore store;
  ASSERT_TRUE(store.commit(batch_of({{"a", "1"}}), false));
  ASSERT_TRUE(store.commit(batch_of({{"b", "2"}}), true));
  ASSERT_TRUE(store.commit(batch_of({{"c", "3"}}, {"a"}), false));
  ASSERT_TRUE(store.commit(batch_of({{"d", "4"}}), false));
  EXPECT_EQ(store.unsynced(), 2u);
  store.crash_power();
  EXPECT_EQ(content(store), "a=1 b=2 ");
}

TEST(MemoryStoreTest, ALossOfPowerMayKeepABeginningOfTheRest) {
  MemoryStore store;
  ASSERT_TRUE(store.commit(batch_of({{"a", "1"}, {"b", "1"}}), false));
  ASSERT_TRUE(store.commit(batch_of({{"a", "2"}, {"b", "2"}}), false));
  ASSERT_TRUE(store.commit(batch_of({{"a", "3"}, {"b", "3"}}), false));
  store.crash_power(2);
  EXPECT_EQ(content(store), "a=2 b=2 ");  // batches whole
  store.crash_power();
  EXPECT_EQ(content(store), "a=2 b=2 ");
}

TEST(MemoryStoreTest, AFailedCommitWritesNothing) {
  MemoryStore store;
  store.fail_commits(2);
  const Batch batch = batch_of({{"a", "1"}, {"b", "2"}});
  EXPECT_FALSE(store.commit(batch, false));
  EXPECT_FALSE(store.commit(batch, true));
  EXPECT_EQ(content(store), "");
  EXPECT_TRUE(store.commit(batch, false));
  EXPECT_EQ(content(store), "a=1 b=2 ");
}

}  // namespace
}  // namespace muster::store
