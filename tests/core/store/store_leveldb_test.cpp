#include "core/store/store_leveldb.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <leveldb/db.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/batch_of.hpp"

namespace muster::store {
namespace {

namespace fs = std::filesystem;

class LeveldbStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "muster-store-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    path_ = folder_ + "/store";
  }
  void TearDown() override {
    std::error_code error;
    fs::permissions(folder_, fs::perms::owner_all, error);
    fs::remove_all(folder_, error);
  }

  std::unique_ptr<Store> open() {
    auto opened = open_leveldb(path_, {.write_buffer = 256 << 10});
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().text);
    if (!opened) return nullptr;
    damage_ = opened->damage;
    return std::move(opened->store);
  }
  std::string refusal() {
    auto opened = open_leveldb(path_);
    return opened ? "" : opened.error().text;
  }

  static std::string key(int i) { return fmt::format("key{:06}", i); }
  static std::string value(int i) { return fmt::format("value {} {}", i, std::string(80, 'v')); }
  void fill(int count) {
    auto store = open();
    for (int i = 0; i < count;) {
      Batch batch;
      for (int end = i + 100; i < end; ++i) batch.put(key(i), value(i));
      ASSERT_TRUE(store->commit(batch, false));
    }
  }
  // Keys that are there; every value that is there must be the right one.
  static int count(Store& store) {
    int found = 0;
    const auto done = store.scan("key", [&](BytesView k, BytesView v) {
      EXPECT_EQ(v, value(std::stoi(std::string(k.substr(3)))));
      ++found;
      return true;
    });
    EXPECT_TRUE(done.has_value());
    return found;
  }
  std::string file_named(const std::string& ending) {
    std::string found;
    uintmax_t size = 0;
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (!entry.path().string().ends_with(ending) || entry.file_size() <= size) continue;
      found = entry.path();
      size = entry.file_size();
    }
    return found;
  }
  static void flip_byte(const std::string& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(fs::file_size(file) / 2);
    stream.seekg(middle);
    const char byte = static_cast<char>(stream.get() ^ 0x20);
    stream.seekp(middle);
    stream.put(byte);
  }

  std::string folder_;
  std::string path_;
  std::optional<Damage> damage_;
};

TEST_F(LeveldbStoreTest, KeepsWhatWasCommitted) {
  {
    auto store = open();
    ASSERT_TRUE(store->commit(batch_of({{"a", "1"}, {"b", "2"}, {"c", ""}}), true));
    ASSERT_TRUE(store->commit(batch_of({{"d", "4"}}, {"b"}), false));
  }
  auto store = open();
  EXPECT_FALSE(damage_);
  EXPECT_EQ(store->get("a")->value(), "1");
  EXPECT_FALSE(store->get("b")->has_value());
  EXPECT_EQ(store->get("c")->value(), "");
  std::string keys;
  ASSERT_TRUE(store->scan("", [&](BytesView k, BytesView) { return keys += k, true; }));
  EXPECT_EQ(keys, "acd");  // the format number is the store's own
  keys.clear();
  ASSERT_TRUE(store->scan("", [&](BytesView k, BytesView) { return keys += k, false; }));
  EXPECT_EQ(keys, "a");
}

TEST_F(LeveldbStoreTest, KeysMayHoldAnyByte) {
  const std::string low("\0\0x", 3), high("\xff\xff\xff", 3);
  {
    auto store = open();
    ASSERT_TRUE(store->commit(batch_of({{low, high}, {high, low}}), false));
  }
  auto store = open();
  EXPECT_EQ(store->get(low)->value(), high);
  int under_high = 0;
  ASSERT_TRUE(store->scan(high, [&](BytesView, BytesView) { return ++under_high > 0; }));
  EXPECT_EQ(under_high, 1);
}

TEST_F(LeveldbStoreTest, ForeignFilesDoNotMatter) {
  fs::create_directories(path_);
  std::ofstream(folder_ + "/notes.txt") << "mine";
  std::ofstream(path_ + "/README") << "mine too";
  fill(1000);
  auto store = open();
  EXPECT_EQ(count(*store), 1000);
  EXPECT_TRUE(fs::exists(folder_ + "/notes.txt"));
  EXPECT_TRUE(fs::exists(path_ + "/README"));
}

TEST_F(LeveldbStoreTest, AFlippedByteInATableIsNoticed) {
  fill(20000);
  { auto store = open(); }  // what was in the log is a table now
  flip_byte(file_named(".ldb"));
  auto store = open();
  ASSERT_TRUE(damage_);
  EXPECT_NE(damage_->what.find("orruption"), std::string::npos) << damage_->what;
  EXPECT_TRUE(fs::exists(damage_->aside + "/CURRENT"));
  EXPECT_EQ(damage_->aside, path_ + ".damaged-1");
  const int left = count(*store);
  EXPECT_EQ(damage_->records_left, static_cast<uint64_t>(left));
  EXPECT_LT(left, 20000);
  EXPECT_GT(left, 19000);  // a block is lost, not the store
  ASSERT_TRUE(store->commit(batch_of({{"key000000", value(0)}}), true));
  store.reset();
  store = open();
  EXPECT_FALSE(damage_);  // mended once
}

TEST_F(LeveldbStoreTest, AFlippedByteInTheLogIsNoticed) {
  fill(1000);
  flip_byte(file_named(".log"));
  auto store = open();
  ASSERT_TRUE(damage_);
  const int left = count(*store);  // no wrong value came through
  EXPECT_LT(left, 1000);
  EXPECT_GT(left, 400);  // what stood before the damage is all there
  store.reset();
  store = open();
  EXPECT_FALSE(damage_);
  EXPECT_EQ(count(*store), left);
}

TEST_F(LeveldbStoreTest, DamageInLogAndManifestTogether) {
  fill(20000);
  { auto store = open(); }
  fill(1000);  // again, into the log
  flip_byte(file_named(".log"));
  fs::remove(path_ + "/CURRENT");
  auto store = open();
  ASSERT_TRUE(damage_);
  EXPECT_EQ(count(*store), 20000);
}

TEST_F(LeveldbStoreTest, ATornTailOfTheLogIsNoDamage) {
  fill(1000);
  const std::string log = file_named(".log");
  fs::resize_file(log, fs::file_size(log) - 7);
  auto store = open();
  EXPECT_FALSE(damage_);
  EXPECT_EQ(count(*store), 900);  // the last batch went whole
}

TEST_F(LeveldbStoreTest, EachDamageIsSetAsideUnderItsOwnNumber) {
  for (int n = 1; n <= 2; ++n) {
    fill(20000);
    { auto store = open(); }
    flip_byte(file_named(".ldb"));
    auto store = open();
    ASSERT_TRUE(damage_);
    EXPECT_EQ(damage_->aside, fmt::format("{}.damaged-{}", path_, n));
  }
}

TEST_F(LeveldbStoreTest, ALostBeginningIsDamageAndNoEmptyStore) {
  fill(20000);
  { auto store = open(); }
  fs::remove(path_ + "/CURRENT");
  auto store = open();
  ASSERT_TRUE(damage_);
  EXPECT_EQ(count(*store), 20000);
}

TEST_F(LeveldbStoreTest, ALostManifestIsDamage) {
  fill(20000);
  { auto store = open(); }
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().filename().string().starts_with("MANIFEST-")) fs::remove(entry.path());
  }
  auto store = open();
  ASSERT_TRUE(damage_);
  EXPECT_EQ(count(*store), 20000);
}

TEST_F(LeveldbStoreTest, ANewerFormatIsRefused) {
  fill(100);
  {
    leveldb::DB* db = nullptr;
    ASSERT_TRUE(leveldb::DB::Open({}, path_, &db).ok());
    ASSERT_TRUE(db->Put({},
                        "\xff\xff\xff\xff"
                        "format",
                        "99")
                    .ok());
    delete db;
  }
  EXPECT_NE(refusal().find("has format 99, this version knows up to 2"), std::string::npos);
}

TEST_F(LeveldbStoreTest, SomebodyElsesLevelDBIsRefused) {
  leveldb::DB* db = nullptr;
  leveldb::Options options;
  options.create_if_missing = true;
  ASSERT_TRUE(leveldb::DB::Open(options, path_, &db).ok());
  ASSERT_TRUE(db->Put({}, "some", "thing").ok());
  delete db;
  EXPECT_NE(refusal().find("not Muster's"), std::string::npos);
}

TEST_F(LeveldbStoreTest, AStoreInUseIsOneClearLine) {
  auto store = open();
  const std::string why = refusal();
  EXPECT_NE(why.find("in use by another process"), std::string::npos) << why;
  EXPECT_EQ(why.find('\n'), std::string::npos);
}

TEST_F(LeveldbStoreTest, ALockThatCannotBeOpenedIsNotCalledInUse) {
  fs::create_directories(path_ + "/LOCK");
  const std::string why = refusal();
  EXPECT_TRUE(why.starts_with("cannot open store " + path_)) << why;
  EXPECT_EQ(why.find("in use"), std::string::npos) << why;
}

TEST_F(LeveldbStoreTest, AFileInItsPlaceIsOneClearLine) {
  std::ofstream(path_) << "a file";
  const std::string why = refusal();
  EXPECT_NE(why.find("cannot use " + path_), std::string::npos) << why;
}

TEST_F(LeveldbStoreTest, AFolderThatIsNotWritableIsOneClearLine) {
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  const uid_t user = geteuid();
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(seteuid(user == 0 ? nobody : user), 0);  // root may write everywhere
  const std::string why = refusal();
  ASSERT_EQ(seteuid(user), 0);
  EXPECT_NE(why.find("cannot use " + path_), std::string::npos) << why;
}

}  // namespace
}  // namespace muster::store
