#include "broker/node.hpp"

#include <algorithm>

#include "broker/node_state.hpp"

namespace muster::broker {

Node::Node(Options options, wire::NodeInfo self)
    : state_(std::make_unique<State>(std::move(options), std::move(self))) {}
Node::~Node() = default;

void Node::start(Now now) {
  state_->peers.start(now);
  state_->sys.start(now.mono);
  state_->handle_events(now);
}

void Node::receive(Now now, wire::InFrame frame) {
  state_->desk.links.receive(now, std::move(frame));
  state_->handle_events(now);
}

void Node::tick(Now now) {
  State& state = *state_;
  state.desk.links.tick(now);
  state.handle_events(now);
  state.end_overdue(now);
  state.lease.tick(now.mono);
  state.routes.tick(now.mono);
  state.tasks.tick(now);
  state.presence.tick(now);
  state.sys.tick(now.mono);
  state.retained.tick(now.mono);
  if (state.stop_by <= now.mono) state.stop_by = never, state.out_of_time = true;
}

Instant Node::next_wake() const {
  const State& state = *state_;
  return std::min({state.desk.links.next_wake(), state.peers.next_wake(), state.lease.next_wake(),
                   state.routes.next_wake(), state.tasks.next_wake(), state.presence.next_wake(),
                   state.sys.next_wake(), state.retained.next_wake(), state.stop_by});
}

void Node::open(Now now, Parcel parcel) {
  state_->open(now, std::move(parcel));
}

void Node::finish_turn(Now now) {
  State& state = *state_;
  state.routes.finish_turn(now.mono);
  state.peer_routes.finish_turn(state.retained.counter());
  state.retained.finish_turn(now.mono);
  state.streams.finish_turn();
  state.release_bits(now);
  state.desk.links.finish_turn(now);
}

wire::Effects Node::take_effects() {
  return state_->desk.links.take_effects();
}

std::vector<std::pair<ShardIndex, Parcel>> Node::take_parcels() {
  return state_->desk.mail.take();
}

void Node::stop(Now now) {
  constexpr Duration patience = std::chrono::seconds(3);
  state_->stopping = true;
  state_->stop_by = now.mono + patience;
}

bool Node::stopped() const {
  const State& state = *state_;
  if (!state.stopping || state.out_of_time) return state.stopping;
  const NodePeer* global = state.peers.at(global_peer);
  return global == nullptr || !global->up || state.streams.unacknowledged(global_peer) == 0;
}

bool Node::serving() const {
  return state_->sessions.listed() && state_->peer_routes.global_known();
}

bool Node::wants_heap(Instant now) const {
  return state_->sys.next_wake() <= now;
}

void Node::heap(uint64_t bytes) {
  state_->sys.heap(bytes);
}

const NodeCounters& Node::counters() const {
  return state_->desk.counters;
}

}  // namespace muster::broker
