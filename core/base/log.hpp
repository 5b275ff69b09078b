#pragma once
// The log front: what happened, in one line, with a level. A sink (installed by app, spdlog behind
// it; the simulator's trace in tests) adds time and place. Any thread. Without a sink lines vanish.
// Lines are for operators: rare events only, never one per message.

#include <fmt/core.h>

#include <string>
#include <utility>

namespace muster::log {

enum class Level { debug, info, warning, error };
using Sink = void (*)(Level level, const std::string& line);

void install(Sink sink);
bool enabled();
void write(Level level, const std::string& line);
// With control characters as \xNN: what comes from clients and files cannot begin a line of its
// own.
std::string one_line(const std::string& text);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled()) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled()) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled()) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled()) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace muster::log
