#include "core/base/log.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace muster::log {
namespace {

std::vector<std::string> lines;

void keep(Level, const std::string& line) {
  lines.push_back(line);
}

TEST(Log, AMessageIsOneLineWhateverIsInIt) {
  install(keep);
  warning("user {}: {}", "a\nready\r", "caf\xC3\xA9 \x7F");
  install(nullptr);
  EXPECT_EQ(lines, (std::vector<std::string>{"user a\\x0aready\\x0d: caf\xC3\xA9 \\x7f"}));
}

TEST(Log, WithoutASinkLinesVanish) {
  lines.clear();
  error("nobody hears {}", "this");
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace muster::log
