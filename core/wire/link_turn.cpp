// Time passes and frames go out.

#include <algorithm>
#include <utility>

#include "core/wire/link_state.hpp"

namespace muster::wire {

// tick() is due at least each heartbeat. If nobody called us for longer, we slept, not the peers:
// what they sent meanwhile is still on its way to us.
void Links::State::enter(Now now) {
  if (entered != Instant::min() && now.mono > entered + options.heartbeat) {
    const Duration slept = now.mono - entered - options.heartbeat;
    for (auto& [name, peer] : peers) peer.heard_at += slept;
  }
  entered = std::max(entered, now.mono);
  if (next_heartbeat == Instant::min()) next_heartbeat = next_beat(now.mono, options.heartbeat);
}

void Links::State::tick(Now now) {
  const bool beat = now.mono >= next_heartbeat;
  if (beat) next_heartbeat = next_beat(now.mono, options.heartbeat);
  for (auto& [name, peer] : peers) {
    if (peer.up && now.mono - peer.heard_at >= options.liveness) {
      go_down(name, peer);
      peer.hello_due = true;
    }
    if (beat) {
      peer.heartbeat_due = peer.up;
      if (!peer.up && peer.dialled()) peer.hello_due = true;
    }
    if (peer.up) peer.out.tick(now.mono);
  }
}

Instant Links::State::next_wake() const {
  Instant wake = never;
  for (const auto& [name, peer] : peers) {
    if (peer.up) {
      wake = std::min({wake, next_heartbeat, peer.heard_at + options.liveness, peer.out.wake(),
                       peer.in.wake()});
    } else if (peer.dialled()) {
      wake = std::min(wake, next_heartbeat);
    }
  }
  return wake;
}

void Links::State::finish_turn(Now now) {
  for (auto& [name, peer] : peers) {
    if (!durable) peer.in.take_all();
    if (std::exchange(peer.hello_due, false)) send_hello(now, name, peer);
    if (!peer.up) continue;
    const bool talked = send_box(now, name, peer, Channel::talk);
    const bool boxed = send_box(now, name, peer, Channel::bulk);
    const bool streamed = send_parcels(now, name, peer);
    const bool heartbeat = std::exchange(peer.heartbeat_due, false) && !talked;
    const bool said = talked || boxed || streamed;
    if (heartbeat || (!said && peer.in.must_tell(now.mono))) {
      send(name, Channel::talk, envelope_to(now, peer, &*peer.current), {});
    } else if (!said) {
      peer.in.schedule(now.mono, options.resend / 4);
      continue;
    }
    peer.in.told();
  }
}

void Links::State::send_hello(Now now, const std::string& name, Peer& peer) {
  const Party* party = party_of(peer, std::exchange(peer.hello_to, {}));
  if (!party && peer.current) party = &*peer.current;
  if (!party && peer.candidate) party = &*peer.candidate;
  Envelope envelope = envelope_to(now, peer, party);
  envelope.kind = FrameKind::hello;
  const bool up = peer.up && party && party->identity == peer.current->identity;
  Bytes body;
  encode(Hello{self, durable, ++peer.nonce, up}, body);
  send(name, Channel::talk, envelope, {std::move(body), nullptr, 0});
}

bool Links::State::send_parcels(Now now, const std::string& name, Peer& peer) {
  bool any = false;
  while (const StreamOut::Batch* batch = peer.out.next(now.mono)) {
    Envelope envelope = envelope_to(now, peer, &*peer.current);
    envelope.kind = batch->item ? FrameKind::piece : FrameKind::stream;
    envelope.first = batch->first;
    envelope.last = batch->last;
    envelope.part = batch->part;
    envelope.more = batch->more();
    envelope.size = batch->item ? batch->item->size() : 0;
    send(name, Channel::bulk, envelope, *batch);
    any = true;
  }
  return any;
}

bool Links::State::send_box(Now now, const std::string& name, Peer& peer, Channel channel) {
  Outbox& box = peer.boxes[static_cast<size_t>(channel)];
  if (box.empty()) return false;
  for (const Parcel& parcel : box.take()) {
    Envelope envelope = envelope_to(now, peer, &*peer.current);
    envelope.kind = parcel.item ? FrameKind::piece : FrameKind::messages;
    envelope.part = parcel.part;
    envelope.more = parcel.more();
    envelope.size = parcel.item ? parcel.item->size() : 0;
    send(name, channel, envelope, parcel);
  }
  return true;
}

void Links::State::send(const std::string& name, Channel channel, const Envelope& envelope,
                        const Parcel& parcel) {
  OutFrame& frame = effects.frames.emplace_back();
  frame.to = name;
  frame.channel = channel;
  frame.bytes.reserve(96 + self.name.size() + parcel.size());
  encode(envelope, frame.bytes);
  parcel.append_to(frame.bytes);
}

Envelope Links::State::envelope_to(Now now, const Peer& peer, const Party* party) const {
  Envelope envelope;
  envelope.name = self.name;
  envelope.from = peer.mine;
  envelope.clock_us = now.mono.time_since_epoch().count();
  if (!party) return envelope;
  envelope.to = party->identity;
  envelope.echo = party->nonce;
  const bool current = peer.current && party->identity == peer.current->identity;
  const bool counted =
      durable ? peer.current && party->identity.incarnation == peer.current->identity.incarnation
              : current && peer.paired == peer.mine;
  if (counted) {
    envelope.taken = peer.in.taken();
    envelope.seen = peer.in.seen();
  } else if (const auto at = stored.find(party->identity.incarnation); at != stored.end()) {
    envelope.taken = envelope.seen = at->second;
  }
  return envelope;
}

}  // namespace muster::wire
