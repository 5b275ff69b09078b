// What the links report, handed to the machines that it concerns.

#include "broker/node_state.hpp"
#include "core/base/check.hpp"
#include "core/base/incarnation.hpp"
#include "core/base/log.hpp"

namespace muster::broker {

using wire::Role;

Node::State::State(Options options, wire::NodeInfo self)
    : desk(std::move(options), std::move(self)),
      peers(desk),
      routes(desk, peers),
      peer_routes(desk, peers),
      streams(desk),
      retained(desk, peers, streams),
      publications(desk, peers, routes, streams, retained),
      lease(desk),
      sessions(desk, peers, streams),
      servers(desk),
      tasks(desk, servers),
      queries(desk, tasks),
      presence(desk, servers, tasks),
      sys(desk) {}

void Node::State::handle_events(Now now) {
  while (wire::LinkEvent* event = desk.links.next_event()) {
    std::visit([&](auto& it) { handle(now, it); }, *event);
    if (deposed) renew(now);
  }
}

void Node::State::handle(Now now, wire::PeerUp& event) {
  if (event.peer.role == Role::query) {
    tasks.server_up(now);
    presence.servers_changed();
  }
  if (const NodePeer* known = peers.find(event.peer.name);
      known != nullptr && known->incarnation != event.peer.incarnation) {
    peer_routes.forget_answers(known->index);  // a restarted global goes on with our stream
    retained.forget(known->index);
  }
  NodePeer* peer = peers.up(event);
  if (peer == nullptr) return;
  MUSTER_CHECK(!peer->open || !event.fresh);  // its end was reported before
  if (peer->open) {
    routes.up_again(*peer);
  } else {
    peer->open = true;
    peer->reopening = false;
    routes.opened(*peer);
  }
  streams.up(now.mono, *peer);
  if (peer->role != Role::global) return;
  retained.global_up();
  lease.global_up(now.mono, peer->name);
  sessions.global_up(*peer);
}

void Node::State::handle(Now now, wire::PeerDown& event) {
  switch (event.role) {
    case Role::query:
      tasks.server_down(now, event.peer);
      presence.server_down(event.peer);
      return;
    case Role::control:
      tasks.control_down(now);
      return;
    case Role::global:
      lease.global_down();
      sessions.global_down();
      retained.global_down();
      break;
    case Role::broker:
      break;
  }
  peers.down(now.mono, event.peer);
}

void Node::State::handle(Now now, wire::PeerEnded& event) {
  wire::PeerDown down{event.peer, event.role, event.incarnation};
  handle(now, down);
  NodePeer* peer = peers.find(event.peer);
  if (peer == nullptr) return;
  if (renewing) return streams.renewed(peer->index, std::move(event.backlog));
  ended(*peer, std::move(event.backlog));
}

// The peer's stream is over: a broker's for good, while global will have everything in a new one.
void Node::State::ended(NodePeer& peer, wire::Backlog backlog) {
  if (!peer.open && !peer.reopening) return;
  ++desk.counters.peers_ended;
  peer.open = false;
  peer.reopening = peer.role == Role::global;
  if (peer.role == Role::global) {
    streams.renewed(peer.index, std::move(backlog));
    return;
  }
  retained.forget(peer.index);
  peer_routes.lost(peer.index);
  for (const auto& [shard, message] : streams.ended(peer.index)) {
    publications.route_again(shard, std::get<wire::Publish>(*message));
  }
}

void Node::State::end_overdue(Now now) {
  for (const std::string& name : peers.overdue(now.mono)) {
    log::warning("broker {} is silent: what waits for it is dropped", name);
    desk.links.end_peer(name);
    ended(*peers.find(name), {});
  }
  handle_events(now);
}

void Node::State::release_bits(Now now) {
  for (size_t index = 0; index < peer_limit; ++index) {
    const auto bit = static_cast<PeerIndex>(index);
    if (peers.releasable(bit) && peer_routes.settled(bit)) peers.release(now, bit);
  }
}

// Global judged our incarnation dead (protocol.md, Names and numbers): everything is said again
// under a new one, and the shards claim their connections once global has heard of it.
void Node::State::renew(Now now) {
  const uint64_t taken = std::exchange(deposed, std::nullopt)->taken;
  ++desk.counters.deposed;
  const Incarnation incarnation = next_incarnation(desk.links.self().incarnation);
  log::warning("global judged this broker dead: it goes on under a new incarnation");
  lease.deposed(now.mono);
  sessions.renewed();
  streams.taken_up_to(global_peer, taken);
  peers.each([&](NodePeer& peer) {
    peer_routes.forget_answers(peer.index);
    peer.reopening = peer.reopening || peer.open;
    peer.open = false;
    peers.down(now.mono, peer.name);
  });
  renewing = true;
  desk.links.renew(now, incarnation);
  handle_events(now);
  renewing = false;
}

void Node::State::handle(Now now, wire::Acknowledged& event) {
  const NodePeer* peer = peers.find(event.peer);
  if (peer == nullptr || !peer->open) return;
  streams.acknowledged(now.mono, *peer, event.number);
  routes.acknowledged(*peer);
  if (peer->role != Role::global) return;
  if (sessions.acknowledged(*peer, event.number)) lease.listed(now.mono);
}

void Node::State::handle(Now now, wire::Received& event) {
  wire::Message& message = event.message;
  if (auto* answer = std::get_if<wire::TaskAnswer>(&message)) {
    return tasks.answered(now, std::move(answer->answer));
  }
  if (auto* rows = std::get_if<wire::WatchRows>(&message); rows && event.role == Role::query) {
    return presence.rows(now, event.peer, std::move(*rows));
  }
  if (auto* news = std::get_if<wire::Directory>(&message); news && event.role == Role::control) {
    return directory(now, event.incarnation, *news);
  }
  NodePeer* peer = peers.find(event.peer);
  if (peer != nullptr) {
    from_peer(*peer, message);
  } else {
    ++desk.counters.unexpected;
  }
}

void Node::State::directory(Now now, Incarnation control, const wire::Directory& directory) {
  if (!peers.directory(now, control, directory)) return;
  servers.directory(directory);
  tasks.server_up(now);
  presence.servers_changed();
}

void Node::State::from_peer(NodePeer& peer, wire::Message& message) {
  if (auto* publish = std::get_if<wire::Publish>(&message)) {
    if (peer.role == Role::broker) retained.heard(peer.index, publish->retained);
    publications.from_peer(std::move(*publish));
  } else if (const auto* run = std::get_if<wire::PublishRun>(&message)) {
    publications.from_peer(*run);
  } else if (auto* announced = std::get_if<wire::Routes>(&message)) {
    peer_routes.received(peer, std::move(*announced));
  } else if (auto* taken = std::get_if<wire::RoutesTaken>(&message)) {
    retained.heard(peer.index, taken->retained);
    routes.taken(peer, taken->number);
  } else if (peer.role == Role::global) {
    from_global(message);
  } else {
    ++desk.counters.unexpected;
  }
}

void Node::State::from_global(wire::Message& message) {
  if (auto* grant = std::get_if<wire::LeaseGrant>(&message)) {
    lease.granted(*grant);
  } else if (auto* stored = std::get_if<wire::Retained>(&message)) {
    retained.received(std::move(*stored));
  } else if (auto* synced = std::get_if<wire::RetainedSynced>(&message)) {
    retained.synced(*synced);
  } else if (auto* judged = std::get_if<wire::Deposed>(&message)) {
    deposed = *judged;
  } else {
    sessions.from_global(std::move(message));
  }
}

}  // namespace muster::broker
