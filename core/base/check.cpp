#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace muster {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "muster: check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace muster
