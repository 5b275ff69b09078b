#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/data_folder.hpp"
#include "app/key_file.hpp"

namespace muster::app {
namespace {

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "muster-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }

  std::string root_;
};

using KeyFile = Files;
using Data = Files;

TEST_F(KeyFile, what_is_written_is_read) {
  const ClusterKey key = make_key();
  ASSERT_TRUE(write_key_file(path("key"), key));
  const auto read = read_key_file(path("key"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->public_key, key.public_key);
  EXPECT_EQ(read->secret_key, key.secret_key);
  EXPECT_NE(key.secret_key, make_key().secret_key);
}

TEST_F(KeyFile, only_its_owner_may_read_it) {
  ASSERT_TRUE(write_key_file(path("key"), make_key()));
  struct stat status {};
  ASSERT_EQ(stat(path("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(chmod(path("key").c_str(), 0640), 0);
  EXPECT_EQ(read_key_file(path("key")).error(),
            path("key") + ": others may read this key; chmod 600 it");
}

TEST_F(KeyFile, an_existing_file_is_left_alone) {
  const ClusterKey first = make_key();
  ASSERT_TRUE(write_key_file(path("key"), first));
  EXPECT_EQ(write_key_file(path("key"), make_key()).error(), path("key") + ": File exists");
  EXPECT_EQ(read_key_file(path("key"))->secret_key, first.secret_key);
}

TEST_F(KeyFile, a_damaged_file_is_told) {
  std::ofstream{path("key")} << "public = \"short\"\nsecret = \"short\"\n";
  ASSERT_EQ(chmod(path("key").c_str(), 0600), 0);
  EXPECT_EQ(read_key_file(path("key")).error(), path("key") + ": not a key file of `muster keys`");
  EXPECT_EQ(read_key_file(path("none")).error(), path("none") + ": No such file or directory");
}

TEST_F(Data, the_folder_is_made_and_may_hold_foreign_files) {
  ASSERT_TRUE(DataFolder::open(path("a/b/c")));
  std::ofstream{path("a/b/c/foreign")} << "x";
  EXPECT_TRUE(DataFolder::open(path("a/b/c")));
}

TEST_F(Data, it_is_used_once_at_a_time) {
  {
    const auto first = DataFolder::open(path("data"));
    ASSERT_TRUE(first);
    const auto second = DataFolder::open(path("data"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), path("data") + ": the data folder is in use by another muster");
  }
  EXPECT_TRUE(DataFolder::open(path("data")));
}

TEST_F(Data, what_cannot_be_a_folder_is_told) {
  std::ofstream{path("file")} << "x";
  EXPECT_EQ(DataFolder::open(path("file/data")).error(),
            path("file/data") + ": cannot make the data folder: Not a directory");
  EXPECT_EQ(DataFolder::open(path("file")).error(),
            path("file") + ": cannot make the data folder: Not a directory");
  EXPECT_EQ(DataFolder::open("/proc/muster").error(),
            "/proc/muster: cannot make the data folder: No such file or directory");
}

}  // namespace
}  // namespace muster::app
