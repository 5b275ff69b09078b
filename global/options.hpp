#pragma once
// What an operator may set of global. Plain values; app/ fills them from the configuration.

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "core/wire/node.hpp"

namespace muster::global {

struct Options {
  std::vector<wire::NodeInfo> peers = {};  // known from the start: control at least
  wire::LinkOptions links = {};

  // Brokers and presence.
  Duration lease = std::chrono::seconds(3);        // longer than a broker trusts its own
  Duration dead_after = std::chrono::seconds(10);  // unreachable -> dead
  Duration grace{};                                // a dropped device -> offline
  Duration forget_after = std::chrono::hours(24);  // an offline device without a session is erased
  uint32_t offline_devices = 1'000'000;  // more without a session are erased, the oldest first
  uint32_t sweep_rows = 500;             // rows of a dead broker that one slice turns offline
  uint32_t dead_brokers = 1000;          // dead incarnations remembered; the oldest go first

  // Sessions.
  uint32_t max_sessions = 10'000'000;    // one more persistent CONNECT is refused with 0x97
  uint32_t max_subscriptions = 100'000;  // of one session; one more is refused with 0x97
  uint32_t max_routes = 1'000'000;       // different filters of all sessions; then 0x97
  uint32_t max_attributes = 64;          // of one user; what is over is ignored
  uint32_t max_attribute_bytes = 4096;   // names and values together

  // Inboxes. A full one refuses the new entry and counts it; the publisher is acknowledged.
  uint64_t inbox_max_messages = 10'000;            // of one session
  uint64_t inbox_max_bytes = 64u << 20;            // of one session
  uint64_t inboxes_max_bytes = uint64_t{4} << 30;  // of all together
  uint32_t inline_bytes = 256;  // a longer publication is stored once for all its receivers

  // Retained messages; what is over a bound is not retained and counted.
  uint64_t retained_max = 10'000'000;               // topics
  uint64_t retained_max_bytes = uint64_t{4} << 30;  // of all together

  bool sync = false;  // durability "power": every batch

  // Replicas.
  uint32_t ring_entries = 65'536;  // of the log, for replicas that resume; else a snapshot
  uint32_t page_rows = 1000;       // of a snapshot, one page a slice
};

}  // namespace muster::global
