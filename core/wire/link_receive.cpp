// Frames in: what is not from a living party to us is dropped, the rest is handed up.

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/wire/link_state.hpp"

namespace muster::wire {
namespace {

size_t index_of(Channel channel) {
  return static_cast<size_t>(channel);
}

void complain(const std::string& name, const char* what, const char* fault) {
  log::warning("link: {} from {}: {}", what, name, fault ? fault : "unexpected");
}

}  // namespace

void Links::State::receive(Now now, InFrame frame) {
  finish_reading();
  Envelope envelope;
  size_t offset = 0;
  if (!wire::read(frame.bytes, offset, envelope) || envelope.name != frame.from ||
      envelope.name == self.name || envelope.from.incarnation == Incarnation::none) {
    return complain(frame.from, "frame", "not an envelope of this name");
  }
  if (!open_frame(now, frame, envelope, offset)) return;
  Peer& peer = *find(frame.from);
  peer.heard_at = now.mono;
  peer.clock.heard(now.mono, envelope.clock_us);
  if (peer.out.progress(envelope.taken, envelope.seen, now.mono)) {
    events.push_back(Acknowledged{frame.from, peer.out.acknowledged()});
  }
  switch (envelope.kind) {
    case FrameKind::empty:
    case FrameKind::hello:
      return;
    case FrameKind::messages:
      return read(now, frame.from, peer, std::move(frame.bytes), offset);
    case FrameKind::stream:
      return open_stream(now, std::move(frame), peer, envelope, offset);
    case FrameKind::piece:
      return open_piece(now, frame, peer, envelope, offset);
  }
}

// Decides who speaks. False: drop the frame.
bool Links::State::open_frame(Now now, const InFrame& frame, const Envelope& envelope,
                              size_t& offset) {
  Peer* peer = find(frame.from);
  Hello hello;
  const bool is_hello = envelope.kind == FrameKind::hello;
  if (is_hello) {
    if (!wire::read(frame.bytes, offset, hello) || hello.info.name != envelope.name ||
        hello.info.incarnation != envelope.from.incarnation) {
      complain(frame.from, "hello", "not well-formed");
      return false;
    }
  }
  if (!peer && peers.size() < peer_limit) peer = &peer_of(frame.from);
  if (!peer) return false;
  const auto& retired = peer->retired;
  if (std::find(retired.begin(), retired.end(), envelope.from) != retired.end()) return false;
  if (is_hello) {
    if (!learn(frame.from, *peer, envelope, hello)) return false;
    if (!hello.up || envelope.to != peer->mine) answer(*peer, envelope.from);
  }
  const bool to_us = envelope.to == peer->mine;
  const bool current =
      peer->current && peer->current->identity == envelope.from && peer->paired == peer->mine;
  if (to_us && current && peer->up) {
    if (is_hello && !hello.up) peer->out.rewind(envelope.seen);  // it had lost us
    return true;
  }
  if (to_us && proves_life(*peer, envelope)) {
    accept(frame.from, *peer, envelope);
    return true;
  }
  if (!is_hello) answer_stranger(now, *peer, envelope.from);
  return false;
}

void Links::State::read(Now now, const std::string& name, Peer& peer, Bytes bytes, size_t offset) {
  reading = {name, &peer, std::make_shared<const Bytes>(std::move(bytes)), offset};
  reading->now = now;
  before_reading = events.size();
}

void Links::State::open_stream(Now now, InFrame frame, Peer& peer, const Envelope& envelope,
                               size_t offset) {
  if (envelope.first == 0) return complain(frame.from, "stream", "no number");
  const auto verdict = peer.in.judge(envelope.first, envelope.last, frame.bytes.size());
  if (verdict != StreamIn::Verdict::news) return;
  peer.in.assembly.clear();
  read(now, frame.from, peer, std::move(frame.bytes), offset);
  reading->numbered = true;
  reading->number = envelope.first;
  reading->last = envelope.last;
}

void Links::State::open_piece(Now now, const InFrame& frame, Peer& peer, const Envelope& envelope,
                              size_t offset) {
  const BytesView piece = BytesView(frame.bytes).substr(offset);
  const uint64_t number = envelope.first;
  const bool numbered = number != 0;
  if (numbered && (peer.in.judge(number, number, frame.bytes.size()) != StreamIn::Verdict::news)) {
    return;
  }
  Assembly& assembly = numbered ? peer.in.assembly : peer.assemblies[index_of(frame.channel)];
  const auto result = assembly.add(envelope.part, envelope.more, envelope.size, piece);
  if (result == Assembly::Result::broken) {
    if (numbered) complain(frame.from, "stream", "a piece out of order");
    return;
  }
  if (numbered) peer.in.piece_seen(number);
  if (result == Assembly::Result::more) return;
  read(now, frame.from, peer, assembly.take(), 0);
  reading->numbered = numbered;
  reading->number = reading->last = number;
}

}  // namespace muster::wire
