#pragma once
// Where log lines go: stderr, with time and level. Any thread may log; the level may change at any
// time (SIGHUP).

#include <string>

namespace muster::app {

// debug, info, warning or error: what log.level allows.
void install_log_sink(const std::string& level);
void set_log_level(const std::string& level);

}  // namespace muster::app
