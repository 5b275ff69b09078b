// Who is there: hello, identities, up, down and ended.

#include <algorithm>
#include <tuple>

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/wire/backlog_state.hpp"
#include "core/wire/link_state.hpp"

namespace muster::wire {
namespace {

bool outlives(const Identity& a, const Identity& b) {
  return a.incarnation == b.incarnation && a.epoch > b.epoch;
}

}  // namespace

Peer& Links::State::peer_of(const std::string& name) {
  if (Peer* known = find(name)) return *known;
  Peer& peer = peers.try_emplace(name, options.resend).first->second;
  peer.mine = {self.incarnation, ++epochs};
  return peer;
}

Peer* Links::State::find(const std::string& name) {
  if (latest != peers.end() && latest->first == name) return &latest->second;
  const auto at = peers.find(name);
  if (at == peers.end()) return nullptr;
  latest = at;
  return &at->second;
}

void Links::State::dial(const std::string& name, Peer& peer) {
  const NodeInfo& node = peer.known;
  const bool ours = std::tie(self.role, self.name) > std::tie(node.role, node.name);
  if (!ours || node.talk.empty() || node.bulk.empty()) return;
  if (peer.dialled_talk == node.talk && peer.dialled_bulk == node.bulk) return;
  peer.dialled_talk = node.talk;
  peer.dialled_bulk = node.bulk;
  effects.dials.push_back({name, node.talk, node.bulk});
  peer.hello_due = true;
}

Party* Links::State::party_of(Peer& peer, const Identity& identity) {
  if (peer.current && peer.current->identity == identity) return &*peer.current;
  if (peer.candidate && peer.candidate->identity == identity) return &*peer.candidate;
  return nullptr;
}

// False: a hello of the past.
bool Links::State::learn(const std::string& name, Peer& peer, const Envelope& envelope,
                         const Hello& hello) {
  Party* party = party_of(peer, envelope.from);
  if (!party) {
    for (const auto& other : {peer.current, peer.candidate}) {
      if (other && outlives(other->identity, envelope.from)) return false;
    }
    // It ended the link: what is still under way of the old one is void.
    if (peer.current && outlives(envelope.from, peer.current->identity)) go_down(name, peer);
    party = &peer.candidate.emplace();
    party->identity = envelope.from;
    party->challenge = peer.up ? peer.nonce + 1 : peer.challenge;
  }
  if (hello.nonce <= party->nonce) return false;
  party->nonce = hello.nonce;
  party->info = hello.info;
  party->durable = hello.durable;
  return true;
}

bool Links::State::proves_life(const Peer& peer, const Envelope& envelope) const {
  if (peer.candidate && peer.candidate->identity == envelope.from) {
    return envelope.echo >= peer.candidate->challenge;
  }
  return peer.current && peer.current->identity == envelope.from && envelope.echo >= peer.challenge;
}

// The party that sent this frame lives and knows us: it is the peer from now on.
void Links::State::accept(const std::string& name, Peer& peer, const Envelope& envelope) {
  const Party party = *party_of(peer, envelope.from);
  const bool same =
      peer.current && peer.current->identity == party.identity && peer.paired == peer.mine;
  if (!same) begin_streams(name, peer, party, envelope);
  peer.current = party;
  peer.candidate.reset();
  peer.known.role = party.info.role;
  peer.paired = peer.mine;
  peer.up = true;
  peer.out.rewind(envelope.seen);
  peer.clock = {};
  for (Assembly& assembly : peer.assemblies) assembly.clear();
  events.push_back(PeerUp{party.info, !peer.announced});
  peer.announced = true;
}

void Links::State::begin_streams(const std::string& name, Peer& peer, const Party& party,
                                 const Envelope& envelope) {
  go_down(name, peer);
  const Incarnation before = peer.current ? peer.current->identity.incarnation : Incarnation::none;
  // A durable node counts by the peer's incarnation, which outlives the link; others by the pair.
  if (!durable) {
    peer.in = StreamIn();
  } else if (before != party.identity.incarnation) {
    stored.erase(before);
    peer.in = StreamIn(stored[party.identity.incarnation]);
  }
  const bool goes_on =
      (party.durable || !peer.announced) && peer.out.continues(envelope.taken, envelope.seen);
  if (!goes_on) {
    if (peer.announced || !peer.out.empty()) end_stream(name, peer);
    peer.out.restart(envelope.seen);
  }
  if (peer.current && peer.current->identity != party.identity) {
    peer.retired.push_back(peer.current->identity);
    if (peer.retired.size() > retired_limit) peer.retired.erase(peer.retired.begin());
  }
}

void Links::State::go_down(const std::string& name, Peer& peer) {
  peer.challenge = peer.nonce + 1;
  if (!peer.up) return;
  peer.up = false;
  peer.heartbeat_due = false;
  for (Outbox& box : peer.boxes) box = {};
  events.push_back(PeerDown{name, peer.known.role, peer.current->identity.incarnation});
}

void Links::State::end_stream(const std::string& name, Peer& peer) {
  PeerEnded ended{name, peer.known.role,
                  peer.current ? peer.current->identity.incarnation : Incarnation::none,
                  peer.out.acknowledged(), peer.out.last()};
  auto left = std::make_shared<Backlog::State>();
  left->acknowledged = ended.acknowledged;
  left->batches = peer.out.drop();
  ended.backlog = Backlog(std::move(left));
  events.push_back(std::move(ended));
  peer.announced = false;
}

// Ours to end: the peer meets us under a new identity and starts afresh too.
void Links::State::end_link(const std::string& name, Peer& peer, Incarnation incarnation) {
  stop_reading(peer);
  go_down(name, peer);
  if (peer.announced || !peer.out.empty()) end_stream(name, peer);
  peer.mine = {incarnation, ++epochs};
  peer.candidate.reset();
  peer.hello_due = true;
}

void Links::State::answer(Peer& peer, const Identity& whom) {
  peer.hello_due = true;
  peer.hello_to = whom;
}

// Someone speaks who does not know us, or whom we do not know: a hello tells, now and then.
void Links::State::answer_stranger(Now now, Peer& peer, const Identity& whom) {
  if (now.mono < peer.answer_at) return;
  peer.answer_at = now.mono + options.heartbeat;
  answer(peer, whom);
}

}  // namespace muster::wire
