#pragma once
// One well-filled message of each type, for round trips, version tests and fuzz seeds.

#include <vector>

#include "core/wire/messages.hpp"

namespace muster::wire::samples {

std::vector<Message> all();
std::vector<LogEntry> rows();

}  // namespace muster::wire::samples
