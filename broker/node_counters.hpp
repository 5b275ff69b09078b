#pragma once
// What a broker's Node counts since its start. Plain numbers, read from its thread.

#include <cstdint>

namespace muster::broker {

struct NodeCounters {
  // publications
  uint64_t forwarded = 0;             // streamed to another node, once per node
  uint64_t received = 0;              // from another node
  uint64_t dropped_no_credit = 0;     // QoS 0 to a peer that is slow or not up
  uint64_t dropped_ended = 0;         // QoS > 0 to a peer whose link was declared ended
  uint64_t expired = 0;               // while they waited for a peer
  uint64_t sent_again = 0;            // under a new incarnation of ours
  uint64_t retained_dropped = 0;      // QoS 0, too many on their way to global
  uint64_t retained_not_awaited = 0;  // read before the copy was surely complete
  // routes
  uint64_t routes_announced = 0;  // filters added or removed, not counting snapshots
  uint64_t route_snapshots = 0;
  uint64_t routes_passed_over = 0;  // a peer that was slower than route_wait
  // peers
  uint64_t peers_ended = 0;
  uint64_t peers_without_bit = 0;  // more brokers than peer_limit: not served
  uint64_t deposed = 0;
  uint64_t unexpected = 0;  // messages that nobody should have sent us
  // sessions
  uint64_t leases = 0;
  uint64_t claim_rounds = 0;
  uint64_t for_global_dropped = 0;  // while global was never there or its backlog is full
  // queries
  uint64_t queries = 0;
  uint64_t queries_refused = 0;  // bad, forbidden or over the bound: never sent
  uint64_t tasks_asked = 0;      // also those asked again
  uint64_t tasks_again = 0;
  uint64_t answers = 0;
  uint64_t answers_late = 0;  // second answers and those after the deadline
  uint64_t tasks_expired = 0;
  // presence
  uint64_t presence_refused = 0;
  uint64_t presence_rows = 0;      // rows given to shards
  uint64_t presence_skipped = 0;   // changes that a newer one replaced before they were given
  uint64_t presence_restarts = 0;  // snapshots begun anew
  uint64_t watches_opened = 0;
};

}  // namespace muster::broker
