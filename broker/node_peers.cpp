#include "broker/node_peers.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"

namespace muster::broker {

void NodePeers::start(Now now) {
  wire::NodeInfo control;
  control.name = "control";
  control.role = wire::Role::control;
  control.talk = desk_.options.control_talk;
  control.bulk = desk_.options.control_bulk;
  desk_.links.know(now, control);
}

bool NodePeers::directory(Now now, Incarnation control, const wire::Directory& directory) {
  if (control == control_ && directory.version < version_) return false;
  control_ = control;
  version_ = directory.version;
  for (const wire::NodeInfo& node : directory.nodes) {
    if (node.role == wire::Role::control || node.name == desk_.links.self().name) continue;
    if (node.role == wire::Role::query) queries_.insert(node.name);
    desk_.links.know(now, node);
  }
  const auto lists = [&](const std::string& name) {
    return std::any_of(directory.nodes.begin(), directory.nodes.end(),
                       [&](const wire::NodeInfo& node) { return node.name == name; });
  };
  for (auto& peer : peers_) {
    if (peer) peer->listed = lists(peer->name);
  }
  // Who has a bit is let go with it; query servers once they are down.
  std::erase_if(queries_, [&](const std::string& name) {
    const bool gone = !lists(name) && !desk_.links.up(name);
    if (gone) desk_.links.forget(now, name);
    return gone;
  });
  return true;
}

NodePeer* NodePeers::find(const std::string& name) {
  for (auto& peer : peers_) {
    if (peer && peer->name == name) return &*peer;
  }
  return nullptr;
}

const NodePeer* NodePeers::at(PeerIndex index) const {
  if (index >= peer_limit || !peers_[index]) return nullptr;
  return &*peers_[index];
}

NodePeer* NodePeers::at(PeerIndex index) {
  return const_cast<NodePeer*>(std::as_const(*this).at(index));
}

NodePeer* NodePeers::give_bit(const wire::NodeInfo& node) {
  size_t first = global_peer, last = global_peer;
  if (node.role == wire::Role::broker) first = global_peer + 1, last = peer_limit - 1;
  for (size_t index = first; index <= last; ++index) {
    if (peers_[index]) continue;
    peers_[index].emplace();
    peers_[index]->index = static_cast<PeerIndex>(index);
    peers_[index]->name = node.name;
    peers_[index]->role = node.role;
    return &*peers_[index];
  }
  ++desk_.counters.peers_without_bit;
  log::error("no room for {} {}: a node serves one global and at most {} other brokers",
             wire::to_string(node.role), node.name, peer_limit - 1);
  return nullptr;
}

NodePeer* NodePeers::up(const wire::PeerUp& event) {
  const wire::NodeInfo& node = event.peer;
  if (node.role != wire::Role::broker && node.role != wire::Role::global) return nullptr;
  NodePeer* peer = find(node.name);
  if (peer == nullptr) peer = give_bit(node);
  if (peer == nullptr) return nullptr;
  peer->incarnation = node.incarnation;
  peer->up = true;
  return peer;
}

NodePeer* NodePeers::down(Instant now, const std::string& name) {
  NodePeer* peer = find(name);
  if (peer == nullptr || !peer->up) return peer;
  peer->up = false;
  peer->down_since = now;
  return peer;
}

Instant NodePeers::end_at(const NodePeer& peer) const {
  const bool waits = !peer.up && (peer.open || peer.reopening);
  if (peer.role != wire::Role::broker || !waits) return never;
  return peer.down_since + desk_.options.peer_dead_after;
}

std::vector<std::string> NodePeers::overdue(Instant now) const {
  std::vector<std::string> names;
  for (const auto& peer : peers_) {
    if (peer && end_at(*peer) <= now) names.push_back(peer->name);
  }
  return names;
}

Instant NodePeers::next_wake() const {
  Instant wake = never;
  for (const auto& peer : peers_) {
    if (peer) wake = std::min(wake, end_at(*peer));
  }
  return wake;
}

bool NodePeers::releasable(PeerIndex index) const {
  const auto& peer = peers_[index];
  return peer && peer->role == wire::Role::broker && !peer->listed && !peer->up && !peer->open &&
         !peer->reopening;
}

void NodePeers::release(Now now, PeerIndex index) {
  desk_.links.forget(now, peers_[index]->name);
  peers_[index].reset();
}

}  // namespace muster::broker
