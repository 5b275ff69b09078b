// The log in front of LevelDB against a plain map: what is committed stays, whenever the process
// ends; a torn tail is no damage, a flipped byte is, and costs one commit.

#include "core/store/segment_store.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace muster::store {
namespace {

namespace fs = std::filesystem;
using State = std::map<Bytes, Bytes>;

class SegmentStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "muster-segments-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return folder_ + "/store"; }
  std::unique_ptr<Store> open(SegmentOptions options = {}) {
    auto opened = open_segment_store(path(), {.write_buffer = 256 << 10}, options);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().text);
    if (!opened) return nullptr;
    damage_ = opened->damage;
    return std::move(opened->store);
  }
  // The one segment that a store has left behind.
  std::string segment() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path() + ".log")) found.push_back(entry.path());
    EXPECT_EQ(found.size(), 1u);
    return found.at(0);
  }
  static State all(Store& store) {
    State found;
    EXPECT_TRUE(store.scan("", [&](BytesView key, BytesView value) {
      found[Bytes(key)] = value;
      return true;
    }));
    return found;
  }
  static void put(Store& store, const Bytes& key, const Bytes& value) {
    Batch batch;
    batch.put(key, value);
    ASSERT_TRUE(store.commit(batch, false));
  }
  static void change_file(const std::string& path, size_t at, char mask) {
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(stream.get() ^ mask);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(byte);
  }

  std::string folder_;
  std::optional<Damage> damage_;
};

// Commits at random, as global does them: keys that come and go, keys that stay, fresh ones.
class Life {
 public:
  explicit Life(uint64_t seed) : random_(seed) {}

  void commit(Store& store) {
    Batch batch;
    std::set<Bytes> named;
    for (size_t n = 1 + random_() % 5; n > 0; --n) {
      const bool fresh = random_() % 2 == 0;
      const Bytes key =
          fresh ? fmt::format("entry{}", next_++) : fmt::format("k{}", random_() % 30);
      if (!named.insert(key).second) continue;
      const Bytes value = fmt::format("{} {}", key, Bytes(random_() % 200, 'v'));
      batch.put(key, value, fresh);
      state[key] = value;
    }
    if (random_() % 4 == 0) add_run(batch, named);
    if (random_() % 4 == 0) erase_run(batch);
    for (size_t n = random_() % 5; n > 0 && !state.empty(); --n) {
      const auto key = std::next(state.begin(), static_cast<long>(random_() % state.size()))->first;
      if (!named.insert(key).second) continue;
      batch.erase(key);
      state.erase(key);
    }
    ASSERT_TRUE(store.commit(batch, random_() % 20 == 0));
    stored_ = run_end_;
    if (random_() % 3 == 0) store.tidy();
  }
  bool restarts() { return random_() % 40 == 0; }

  State state;

 private:
  static Bytes numbered(uint64_t number) {
    Bytes key = "run 12345678";
    put_big_endian(key.data() + 4, number);
    return key;
  }
  void add_run(Batch& batch, std::set<Bytes>& named) {
    for (size_t n = 1 + random_() % 6; n > 0; --n) {
      const Bytes key = numbered(run_end_++);
      named.insert(key);
      batch.put(key, "of a run", true);
      state[key] = "of a run";
    }
  }
  // What an earlier commit has put, and maybe some that are gone already.
  void erase_run(Batch& batch) {
    const uint64_t count = random_() % (stored_ - run_begin_ + 1);
    if (count == 0) return;
    batch.erase(numbered(run_begin_), static_cast<uint32_t>(count));
    for (uint64_t n = 0; n < count; ++n) state.erase(numbered(run_begin_ + n));
    run_begin_ += count - random_() % 2;
  }

  std::mt19937_64 random_;
  uint64_t next_ = 0;
  uint64_t run_begin_ = 250, run_end_ = 250;  // a byte overflows
  uint64_t stored_ = 250;                     // runs of earlier commits end here
};

TEST_F(SegmentStoreTest, HoldsWhatAPlainMapHolds) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    fs::remove_all(path());
    fs::remove_all(path() + ".log");
    const SegmentOptions small{4096, 7, 600};
    auto store = open(small);
    Life life(seed);
    for (int round = 0; round < 1500; ++round) {
      life.commit(*store);
      if (!life.restarts()) continue;
      store.reset();  // as it lies there, it is found again
      store = open(small);
      EXPECT_FALSE(damage_);
      ASSERT_EQ(all(*store), life.state) << "round " << round;
    }
    EXPECT_EQ(all(*store), life.state);
  }
}

TEST_F(SegmentStoreTest, TwoSegmentsAtMostLieThere) {
  auto store = open({4096, 3, 100});
  for (int i = 0; i < 300; ++i) {
    put(*store, fmt::format("{}", i), Bytes(200, 'v'));
    const fs::directory_iterator files(path() + ".log");
    ASSERT_LE(std::distance(begin(files), end(files)), 2);
  }
}

TEST_F(SegmentStoreTest, WhatCameAndWentLeavesNoTraceInLevelDB) {
  auto store = open();
  for (int i = 0; i < 100; ++i) {
    Batch batch;
    batch.put(fmt::format("{}", i), "v", true);
    ASSERT_TRUE(store->commit(batch, false));
    batch = {};
    batch.erase(fmt::format("{}", i));
    ASSERT_TRUE(store->commit(batch, false));
  }
  put(*store, "stays", "v");
  EXPECT_EQ(all(*store), (State{{"stays", "v"}}));  // moves everything
  store.reset();
  // LevelDB's own log has seen one put and not a hundred deletes.
  uintmax_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(path())) {
    if (entry.path().extension() == ".log") bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 200u);
}

TEST_F(SegmentStoreTest, ATailThatIsCutOffAnywhereIsNoDamage) {
  put(*open(), "a", "first");
  const auto one = fs::file_size(segment());
  auto store = open();  // an empty log again
  put(*store, "a", "other");
  put(*store, "b", "third");
  store.reset();
  const std::string kept = folder_ + "/kept";
  fs::copy(path() + ".log", kept, fs::copy_options::recursive);
  for (uintmax_t size = one; size < 2 * one; ++size) {
    SCOPED_TRACE(size);
    fs::remove_all(path() + ".log");
    fs::copy(kept, path() + ".log", fs::copy_options::recursive);
    fs::resize_file(segment(), size);
    store = open();
    EXPECT_FALSE(damage_);
    EXPECT_EQ(*store->get("a"), "other");
    EXPECT_EQ(*store->get("b"), std::nullopt);
    store.reset();
  }
}

TEST_F(SegmentStoreTest, AFlippedByteAnywhereIsNoticedAndCostsItsCommitOnly) {
  auto store = open();
  for (const char* key : {"a", "b", "c"}) put(*store, key, "value");
  store.reset();
  const std::string kept = folder_ + "/kept";
  fs::copy(path() + ".log", kept, fs::copy_options::recursive);
  const auto size = fs::file_size(segment());
  for (size_t at = 0; at < size; ++at) {
    SCOPED_TRACE(at);
    fs::remove_all(path());
    fs::remove_all(path() + ".log");
    fs::copy(kept, path() + ".log", fs::copy_options::recursive);
    change_file(segment(), at, 0x20);
    store = open();
    ASSERT_TRUE(damage_);
    EXPECT_TRUE(fs::exists(damage_->aside));
    EXPECT_EQ(damage_->records_left, 2u);
    EXPECT_EQ(all(*store).size(), 2u);
    store.reset();
  }
}

TEST_F(SegmentStoreTest, AValueThatLooksLikeARecordIsAValue) {
  put(*open(), "first", "");
  std::ifstream file(segment(), std::ios::binary);
  const Bytes record((std::istreambuf_iterator<char>(file)), {});
  auto store = open();
  put(*store, "a", record);
  put(*store, "b", "value");
  store.reset();
  change_file(segment(), 30, 0x01);  // the record around it is damaged
  store = open();
  EXPECT_TRUE(damage_);
  EXPECT_EQ(all(*store), (State{{"b", "value"}, {"first", ""}}));
}

TEST_F(SegmentStoreTest, ForeignFilesDoNotMatter) {
  put(*open(), "a", "v");
  std::ofstream(path() + ".log/notes.txt") << "hello";
  std::ofstream(path() + ".log/1-2") << "hello";
  std::ofstream(path() + ".log/x-0123456789abcdef") << "hello";
  EXPECT_EQ(all(*open()), (State{{"a", "v"}}));
  EXPECT_FALSE(damage_);
  EXPECT_TRUE(fs::exists(path() + ".log/notes.txt"));
}

}  // namespace
}  // namespace muster::store
