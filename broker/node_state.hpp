#pragma once
// The inside of a Node: its machines, and who of them hears of what. Private to broker/node*.cpp.

#include <optional>

#include "broker/node.hpp"
#include "broker/node_lease.hpp"
#include "broker/node_peer_routes.hpp"
#include "broker/node_presence.hpp"
#include "broker/node_publications.hpp"
#include "broker/node_queries.hpp"
#include "broker/node_retained.hpp"
#include "broker/node_sessions.hpp"
#include "broker/node_sys.hpp"

namespace muster::broker {

struct Node::State {
  State(Options options, wire::NodeInfo self);

  NodeDesk desk;
  NodePeers peers;
  NodeRoutes routes;
  NodePeerRoutes peer_routes;
  NodeStreams streams;
  NodeRetained retained;
  NodePublications publications;
  NodeLease lease;
  NodeSessions sessions;
  NodeServers servers;
  NodeTasks tasks;
  NodeQueries queries;
  NodePresence presence;
  NodeSys sys;

  std::optional<wire::Deposed> deposed;  // a new incarnation once this batch of events is done
  bool renewing = false;                 // links that end now end because we did
  bool stopping = false;
  bool out_of_time = false;
  Instant stop_by = never;

  // links
  void handle_events(Now now);
  void handle(Now now, wire::PeerUp& event);
  void handle(Now now, wire::PeerDown& event);
  void handle(Now now, wire::PeerEnded& event);
  void handle(Now now, wire::Received& event);
  void handle(Now now, wire::Acknowledged& event);
  void ended(NodePeer& peer, wire::Backlog backlog);
  void end_overdue(Now now);
  void release_bits(Now now);
  void renew(Now now);

  // messages
  void from_peer(NodePeer& peer, wire::Message& message);
  void from_global(wire::Message& message);
  void directory(Now now, Incarnation control, const wire::Directory& directory);

  // shards
  void open(Now now, Parcel parcel);
};

}  // namespace muster::broker
