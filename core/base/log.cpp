#include "core/base/log.hpp"

#include <atomic>

namespace muster::log {
namespace {
std::atomic<Sink> current_sink{nullptr};
}

void install(Sink sink) { current_sink.store(sink, std::memory_order_release); }

bool enabled() { return current_sink.load(std::memory_order_relaxed) != nullptr; }

void write(Level level, const std::string& line) {
  if (Sink sink = current_sink.load(std::memory_order_acquire)) sink(level, line);
}

}  // namespace muster::log
