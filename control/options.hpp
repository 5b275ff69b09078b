#pragma once
// What an operator may set of the control server. Plain values; app/ fills them.

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "core/wire/node.hpp"

namespace muster::control {

// How another query server is chosen for an excess task (control/score.hpp).
enum class Strategy : uint8_t { least_loaded, round_robin, weighted, accept_from_priority };

struct Options {
  std::vector<wire::NodeInfo> peers;  // known from the start
  wire::LinkOptions links;

  Strategy strategy = Strategy::least_loaded;
  uint8_t replicas = 2;           // query servers for each slot
  uint32_t queries_expected = 2;  // the first slot map waits for so many query servers ...
  Duration settle = std::chrono::seconds(2);       // ... or for this long
  Duration remap_after = std::chrono::seconds(5);  // a query server down this long loses its slots
  Duration repeat = std::chrono::seconds(5);       // the directory, since talk may be lost
  uint32_t nodes_max = 1000;  // nodes in the directory; the longest gone leaves first
  Duration retry_after = std::chrono::milliseconds(200);  // said with busy
};

}  // namespace muster::control
