#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/data_folder.hpp"

namespace muster::app {
namespace {

class Data : public ::testing::Test {
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
