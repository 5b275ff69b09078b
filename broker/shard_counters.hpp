#pragma once
// What a shard counts since its start, and what it holds at the moment it is asked. Plain numbers,
// read from its thread or sent to the Node.

#include <cstdint>

namespace muster::broker {

struct ShardCounters {
  // since the start
  uint64_t received = 0;   // PUBLISH from clients
  uint64_t delivered = 0;  // PUBLISH to clients
  uint64_t dropped = 0;    // QoS 0 over a slow reader's limit
  uint64_t expired = 0;    // while they waited for a client
  uint64_t slow_closed = 0;
  uint64_t shared_again = 0;    // left unacknowledged by a member of a group, for another one
  uint64_t shared_dropped = 0;  // of a group without members
  uint64_t refused = 0;         // packets answered by a reason >= 0x80
  uint64_t bytes_received = 0;
  uint64_t bytes_sent = 0;
  uint64_t packets_received = 0;
  uint64_t packets_sent = 0;
  uint64_t payload_received = 0;  // bytes, of PUBLISHes
  uint64_t payload_sent = 0;
  uint64_t connects = 0;  // CONNECT packets
  uint64_t sockets = 0;   // connections accepted
  // now
  uint64_t connections = 0;  // live
  // now; counted when the Node asks
  uint64_t subscriptions = 0;
  uint64_t shared_subscriptions = 0;
  uint64_t in_flight = 0;  // PUBLISHes with QoS > 0 that clients have not acknowledged
  uint64_t waiting = 0;    // those that wait for a client's window
  uint64_t waiting_bytes = 0;
  uint64_t retained = 0;
  uint64_t retained_bytes = 0;
};

}  // namespace muster::broker
