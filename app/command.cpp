#include "app/command.hpp"

#include <cstdio>

#include "core/base/log.hpp"

namespace muster::app {

void complain(const std::string& line) {
  std::fprintf(stderr, "muster: %s\n", log::one_line(line).c_str());
}

void print_problems(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
}

}  // namespace muster::app
