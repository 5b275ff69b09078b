#include "core/base/log.hpp"

#include <atomic>

namespace muster::log {
namespace {
std::atomic<Sink> current_sink{nullptr};
}

void install(Sink sink) {
  current_sink.store(sink, std::memory_order_release);
}

bool enabled() {
  return current_sink.load(std::memory_order_relaxed) != nullptr;
}

void write(Level level, const std::string& line) {
  if (Sink sink = current_sink.load(std::memory_order_acquire)) sink(level, one_line(line));
}

std::string one_line(const std::string& text) {
  std::string line;
  line.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      line += fmt::format("\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace muster::log
