#pragma once
// All that has happened at a link, for tests that look at it at once.

#include <utility>
#include <vector>

#include "core/wire/links.hpp"

namespace muster::support {

inline std::vector<wire::LinkEvent> take_events(wire::Links& links) {
  std::vector<wire::LinkEvent> events;
  while (wire::LinkEvent* event = links.next_event()) events.push_back(std::move(*event));
  return events;
}

}  // namespace muster::support
