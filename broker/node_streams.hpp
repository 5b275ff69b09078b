#pragma once
// What this broker has streamed to the other nodes and must know the fate of: each item until the
// peer has taken it. Items wait here while the stream is not open (global was not there yet, or our
// own incarnation was just renewed), those with a token also while the peer is down or gives no
// credit; a publication that expires meanwhile is dropped and counts as taken. What is on its way
// the link keeps, and gives it back when the stream ends. A token is given back to its shard by
// Taken, all of a turn in one letter.
//
// Bound: items with a token are bounded by what their publishers may have unacknowledged, the
// others by for_global_max. Owned by the Node, on its thread.

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "broker/node_peers.hpp"

namespace muster::broker {

using SharedMessage = std::shared_ptr<const wire::Message>;

// Who waits for an item; token 0: nobody.
struct Receipt {
  ShardIndex shard{};
  uint64_t token = 0;
  uint64_t retained = 0;  // Publish::retained, towards global: keeps its place whatever its QoS
};

class NodeStreams {
 public:
  explicit NodeStreams(NodeDesk& desk);

  // Streams it or keeps it. `peer` is nullptr for a global not yet known.
  void send(Instant now, PeerIndex index, const NodePeer* peer, const wire::Message& message,
            Receipt receipt);
  void taken(Receipt receipt);  // there is nobody to send it to

  void up(Instant now, const NodePeer& peer) { pump(now, peer); }  // after its routes
  void acknowledged(Instant now, const NodePeer& peer, uint64_t number);
  void taken_up_to(PeerIndex index, uint64_t number);  // acknowledged by a stream that is over
  // Everything to it counts as taken. Returns what was for one member of a group and may go to
  // another: what has QoS 2 only if it was not sent.
  std::vector<std::pair<ShardIndex, SharedMessage>> ended(PeerIndex index);
  // The stream is void: everything waits for up() again.
  void renewed(PeerIndex index, wire::Backlog backlog);

  size_t unacknowledged(PeerIndex index) const;
  // Retained publications that nobody waits for, on their way to global.
  size_t loose_bytes() const { return loose_bytes_; }
  uint64_t retained_taken() const { return retained_taken_; }  // counter; global has stored it
  void finish_turn();

 private:
  struct Item {
    Receipt receipt;
    Instant since{};        // when its expiry was as the message says
    size_t loose = 0;       // of loose_bytes_
    SharedMessage message;  // sent: only what may go to another member of its group
  };
  struct Sent : Item {
    uint64_t number = 0;
  };
  struct Line {
    std::deque<Sent> sent;  // numbers rise
    std::deque<Item> held;  // in order, after all that was sent
  };
  static bool passes(const Receipt& receipt) {  // whatever waits
    return receipt.token == 0 && receipt.retained == 0;
  }
  void done(const Item& item);
  bool may_stream(const NodePeer& peer, const Receipt& receipt) const;
  void pump(Instant now, const NodePeer& peer);
  static bool age(Instant now, PeerIndex index, Item& item);

  NodeDesk& desk_;
  std::array<Line, peer_limit> lines_;
  std::vector<std::vector<uint64_t>> taken_;  // by shard
  size_t loose_bytes_ = 0;
  uint64_t retained_taken_ = 0;
};

}  // namespace muster::broker
