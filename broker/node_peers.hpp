#pragma once
// The other nodes that get messages from this broker: global (bit 0) and up to 63 brokers, each
// with its bit. Learns addresses from control's directory, and declares a broker over that was
// silent for too long. Query servers and control have no bit: links knows whether they are up.
// Owned by the Node, on its thread.

#include <array>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/node_desk.hpp"

namespace muster::broker {

struct NodePeer {
  PeerIndex index = 0;
  std::string name;
  wire::Role role = wire::Role::broker;
  Incarnation incarnation = Incarnation::none;
  bool up = false;         // heard from within the liveness
  bool open = false;       // our stream to it began and has not ended
  bool reopening = false;  // our own incarnation was renewed: it will open again
  bool listed = true;      // in the newest directory
  Instant down_since{};
};

class NodePeers {
 public:
  explicit NodePeers(NodeDesk& desk) : desk_(desk) {}

  void start(Now now);  // knows control, from the options
  // False: an older one than we have.
  bool directory(Now now, Incarnation control, const wire::Directory& directory);

  NodePeer* up(const wire::PeerUp& event);  // nullptr: no bit is left for it, or it needs none
  NodePeer* down(Instant now, const std::string& name);
  NodePeer* find(const std::string& name);
  NodePeer* at(PeerIndex index);  // nullptr: the bit is not given out
  const NodePeer* at(PeerIndex index) const;

  // Brokers that have been down for too long: their links are to be declared ended.
  std::vector<std::string> overdue(Instant now) const;
  Instant next_wake() const;

  // Forgets a peer that has ended and is in no directory: its bit is free again.
  bool releasable(PeerIndex index) const;
  void release(Now now, PeerIndex index);

  template <class Visit>
  void each(Visit&& visit) {  // in the order of bits
    for (auto& peer : peers_) {
      if (peer) visit(*peer);
    }
  }

 private:
  NodePeer* give_bit(const wire::NodeInfo& node);
  Instant end_at(const NodePeer& peer) const;

  NodeDesk& desk_;
  std::array<std::optional<NodePeer>, peer_limit> peers_;
  std::set<std::string> queries_;            // query servers that links knows
  Incarnation control_ = Incarnation::none;  // whose directory we have
  uint64_t version_ = 0;
};

}  // namespace muster::broker
