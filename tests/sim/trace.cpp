#include "tests/sim/trace.hpp"

#include <cstdio>

namespace muster::sim {

void Trace::put(Instant at, const std::string& text) {
  const double seconds = static_cast<double>(at.time_since_epoch().count()) / 1e6;
  std::string line = fmt::format("{:11.6f} {}", seconds, text);
  if (mode_ == Mode::print) {
    std::fputs(line.c_str(), stdout);
    std::fputc('\n', stdout);
    return;
  }
  if (last_.size() == kept_lines) last_.pop_front();
  last_.push_back(std::move(line));
}

}  // namespace muster::sim
