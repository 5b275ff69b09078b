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
  Envelope envelope;
  size_t offset = 0;
  if (!frames.envelope(frame.bytes, offset, envelope) || envelope.name != frame.from ||
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
      return open_items(now, std::move(frame), peer, offset);
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
    if (!frames.hello(frame.bytes, offset, hello) || hello.info.name != envelope.name ||
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

// Reads an item straight into its event.
ItemReader::Result Links::State::hand_up(Now now, const std::string& name, const Peer& peer,
                                         uint64_t number, const SharedBuffer& bytes,
                                         size_t& offset) {
  auto& received = std::get<Received>(events.emplace_back(std::in_place_type<Received>));
  const auto result = items.next(bytes, offset, received.message);
  if (result == ItemReader::Result::message) {
    received.peer = name;
    received.role = peer.known.role;
    received.incarnation = peer.current->identity.incarnation;
    received.number = number;
    if (auto* claim = std::get_if<Claim>(&received.message)) {
      claim->connected_us = peer.clock.here(now.mono, claim->connected_us);
    }
  } else {
    events.pop_back();
    complain(name, "message skipped", items.fault());
  }
  return result;
}

void Links::State::open_items(Now now, InFrame frame, Peer& peer, size_t offset) {
  const auto bytes = std::make_shared<const Bytes>(std::move(frame.bytes));
  while (offset < bytes->size()) {
    const auto result = hand_up(now, frame.from, peer, 0, bytes, offset);
    if (result == ItemReader::Result::malformed) return;
  }
}

void Links::State::open_stream(Now now, InFrame frame, Peer& peer, const Envelope& envelope,
                               size_t offset) {
  if (envelope.first == 0) return complain(frame.from, "stream", "no number");
  const auto verdict = peer.in.judge(envelope.first, envelope.last, frame.bytes.size());
  if (verdict != StreamIn::Verdict::news) return;
  peer.in.assembly.clear();
  const size_t expected = events.size() + std::min<uint64_t>(envelope.last - envelope.first, 1024);
  if (expected > events.capacity()) events.reserve(std::max(expected, 2 * events.capacity()));
  const auto bytes = std::make_shared<const Bytes>(std::move(frame.bytes));
  uint64_t number = envelope.first;
  for (; offset < bytes->size() && number <= envelope.last; ++number) {
    const auto result = hand_up(now, frame.from, peer, number, bytes, offset);
    if (result == ItemReader::Result::malformed) return;
    if (number > peer.in.seen()) {
      peer.in.handed_up(number);
    } else if (result == ItemReader::Result::message) {
      events.pop_back();  // it came before, in another batch
    }
  }
  if (offset < bytes->size() || number != envelope.last + 1) {
    complain(frame.from, "stream", "other items than the envelope says");
  }
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
  if (numbered) peer.in.handed_up(number);
  size_t begin = 0;
  hand_up(now, frame.from, peer, number, std::make_shared<const Bytes>(assembly.take()), begin);
}

}  // namespace muster::wire
