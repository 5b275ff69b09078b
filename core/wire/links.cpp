#include "core/wire/links.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/wire/link_state.hpp"

namespace muster::wire {

Links::Links(NodeInfo self, LinkOptions options, bool durable)
    : state_(std::make_unique<State>(std::move(self), options, durable)) {}
Links::~Links() = default;
Links::Links(Links&&) noexcept = default;

const NodeInfo& Links::self() const {
  return state_->self;
}

void Links::renew(Now now, Incarnation incarnation) {
  state_->enter(now);
  MUSTER_CHECK(incarnation != state_->self.incarnation);
  state_->self.incarnation = incarnation;
  for (auto& [name, peer] : state_->peers) state_->end_link(name, peer, incarnation);
}

void Links::set_taken(Incarnation peer, uint64_t number) {
  state_->stored[peer] = number;
}

void Links::know(Now now, const NodeInfo& node) {
  state_->enter(now);
  if (node.name == state_->self.name) return;
  Peer& peer = state_->peer_of(node.name);
  peer.known = node;
  state_->dial(node.name, peer);
}

void Links::forget(Now now, const std::string& name) {
  state_->enter(now);
  Peer* peer = state_->find(name);
  if (!peer) return;
  state_->end_link(name, *peer, state_->self.incarnation);
  if (peer->dialled()) state_->effects.dials.push_back({name, "", ""});
  peer->dialled_talk = peer->dialled_bulk = "";
  // A durable node must still know what it has handed up and not yet stored.
  if (peer->in.complete() != peer->in.taken()) return;
  state_->latest = state_->peers.end();
  state_->peers.erase(name);
}

void Links::end_peer(const std::string& name) {
  if (Peer* peer = state_->find(name)) state_->end_link(name, *peer, state_->self.incarnation);
}

void Links::receive(Now now, InFrame frame) {
  state_->enter(now);
  state_->receive(now, std::move(frame));
}

void Links::tick(Now now) {
  state_->enter(now);
  state_->tick(now);
}

Instant Links::next_wake() const {
  return state_->next_wake();
}

LinkEvent* Links::next_event() {
  return state_->next_event();
}

bool Links::up(const std::string& peer) const {
  const Peer* found = state_->find(peer);
  return found && found->up;
}

std::vector<NodeInfo> Links::peers() const {
  std::vector<NodeInfo> list;
  for (const auto& [name, peer] : state_->peers) {
    if (peer.up) list.push_back(peer.current->info);
  }
  return list;
}

bool Links::credit(const std::string& peer) const {
  const Peer* found = state_->find(peer);
  return !found || found->out.credit_bytes() < state_->options.window_bytes;
}

size_t Links::waiting_bytes(const std::string& peer) const {
  const Peer* found = state_->find(peer);
  return found ? found->out.waiting_bytes() : 0;
}

uint64_t Links::stream(const std::string& peer, const Message& message) {
  return state_->peer_of(peer).out.add(message);
}

void Links::talk(const std::string& peer, const Message& message) {
  Peer* found = state_->find(peer);
  if (found && found->up) found->boxes[static_cast<size_t>(Channel::talk)].add(message);
}

void Links::bulk(const std::string& peer, const Message& message) {
  Peer* found = state_->find(peer);
  if (found && found->up) found->boxes[static_cast<size_t>(Channel::bulk)].add(message);
}

void Links::bulk_encoded(const std::string& peer, Bytes message) {
  Peer* found = state_->find(peer);
  if (found && found->up) {
    found->boxes[static_cast<size_t>(Channel::bulk)].add_encoded(std::move(message));
  }
}

void Links::acknowledge(const std::string& peer, Incarnation incarnation, uint64_t number) {
  Peer* found = state_->find(peer);
  if (!found || !found->current || found->current->identity.incarnation != incarnation) return;
  found->in.take(number);
  state_->stored[incarnation] = found->in.taken();
}

void Links::finish_turn(Now now) {
  state_->enter(now);
  state_->finish_turn(now);
}

Effects Links::take_effects() {
  return std::exchange(state_->effects, {});
}

}  // namespace muster::wire
