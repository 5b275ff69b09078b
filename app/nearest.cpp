#include "app/nearest.hpp"

#include <algorithm>
#include <vector>

namespace muster::app {

size_t edit_distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> cost((a.size() + 1) * width);
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      size_t& here = cost[i * width + j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      const size_t replace = cost[(i - 1) * width + j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      here = std::min({replace, cost[(i - 1) * width + j] + 1, cost[i * width + j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) here = std::min(here, cost[(i - 2) * width + j - 2] + 1);
    }
  }
  return cost.back();
}

void Nearest::consider(std::string_view candidate) {
  if (word_.size() > 64) return;  // what is that long is no slip, and this is quadratic
  const size_t distance = edit_distance(word_, candidate);
  if (distance >= limit_) return;
  limit_ = distance;
  found_ = candidate;
}

}  // namespace muster::app
