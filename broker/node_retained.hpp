#pragma once
// Retained messages between this broker and global. Out: the counter of each retained publication,
// which tells its echo, and how far other brokers' ones are known to have gone. In: what global
// says (snapshot, changes), handed to the shards whose topics they are, and behind it how far the
// echoes have come. Readers wait until global says that this broker has everything stored before,
// and what other brokers had published when they took a route (RetainedSync); at most
// retained_wait, and not at all while global is away. Owned by the Node, on its thread.

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "broker/node_streams.hpp"

namespace muster::broker {

class NodeRetained {
 public:
  NodeRetained(NodeDesk& desk, NodePeers& peers, NodeStreams& streams);

  // ---- out: the next retained publication of this shard goes to global under this counter ...
  uint64_t accepted(ShardIndex shard);
  // ... or nowhere: it counts as echoed with those before it.
  void dropped(ShardIndex shard);
  uint64_t counter() const { return counter_; }

  // ---- what other brokers have published: to be here before somebody reads
  void heard(PeerIndex peer, uint64_t counter);
  void forget(PeerIndex peer) { marks_[peer] = 0; }

  void wanted(ShardIndex shard, const RetainedWanted& letter);

  // ---- global
  void global_up();
  void global_down() { give_up(); }
  void received(wire::Retained message);
  void synced(const wire::RetainedSynced& message);

  void tick(Instant now);
  Instant next_wake() const { return deadline_; }
  void finish_turn(Instant now);  // asks for those who want to read

 private:
  struct Unechoed {
    uint64_t counter = 0;
    ShardIndex shard{};
    uint64_t own = 0;  // RetainedOwn::counter
  };
  void note(ShardIndex shard);
  void echoed(uint64_t counter);
  void tell_echoes();
  void give_up();  // nobody waits any longer
  void ready(const std::vector<uint64_t>& numbers);

  NodeDesk& desk_;
  NodePeers& peers_;
  NodeStreams& streams_;
  uint64_t counter_ = 0;
  std::vector<uint64_t> published_;  // by shard
  std::deque<Unechoed> unechoed_;    // counters rise
  std::vector<uint64_t> echoed_;     // by shard
  bool echoes_moved_ = false;
  uint64_t acknowledged_ = 0;  // counter that global had stored when it came up

  std::array<uint64_t, peer_limit> marks_{};
  std::vector<uint64_t> wanted_;  // by shard
  std::vector<uint64_t> asked_;   // with the request under way
  std::vector<uint64_t> ready_;   // told
  uint64_t request_ = 0;
  Instant deadline_ = never;  // of the request under way; never: none is
};

}  // namespace muster::broker
