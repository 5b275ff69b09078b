#pragma once
// What an operator may set of a query server. Plain values; app/ fills them from the configuration.

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "core/wire/node.hpp"

namespace muster::query {

struct Options {
  std::vector<wire::NodeInfo> peers;  // known from the start: control and global at least
  wire::LinkOptions links;

  // Tasks. A unit of load is one point look-up; a batch of n weighs n/100, a scan its rows/1000.
  uint32_t workers = 2;           // tasks in progress; each runs one slice a turn
  uint32_t slice_rows = 1600;     // row visits in a slice (about 200 us)
  uint32_t threshold = 2000;      // units queued and running, above it the excess goes to control
  uint32_t queue_max = 20'000;    // tasks kept while control is away; beyond: busy
  uint32_t devices_max = 10'000;  // devices in one look-up
  uint32_t limit_max = 10'000;    // rows in one answer
  uint32_t answer_bytes_max = 512 << 10;  // an answer's rows; a list then ends early, with a cursor
  Duration deadline_max = std::chrono::seconds(60);
  Duration retry_after = std::chrono::milliseconds(200);  // said with busy

  // Replica.
  Duration map_wait = std::chrono::seconds(3);   // without a slot map this long: hold all slots
  Duration ask_again = std::chrono::seconds(1);  // ReplicaAsk unanswered
  // Neither entries nor heartbeats of the log for so long: global has lost sight of us, ask again.
  Duration silence_max = std::chrono::seconds(2);
  Duration lag_max = std::chrono::seconds(10);  // behind this much: out of the pool

  // Watches.
  uint32_t watches_max = 100'000;  // of all brokers together
  uint32_t page_rows = 256;        // rows in a present page or a batch of changes
  uint32_t turn_rows = 2000;       // row visits for watches in one turn
  uint32_t ring_entries = 16'384;  // changes kept, for watches that resume or wait for credit
  uint32_t backlog_max = 10'000;   // changes kept for one watch; beyond: reset

  Duration load_soon = std::chrono::milliseconds(50);  // Load after a change, at most this often
  Duration load_always = std::chrono::seconds(1);
};

}  // namespace muster::query
