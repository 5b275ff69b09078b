#pragma once
// The envelope of every frame and the hello, as links speak them. Inside core/wire only.
// A frame is an envelope (a MessagePack array) and behind it, by kind: nothing; one Hello; items;
// or the raw bytes of a piece. docs/protocol.md has the table.

#include <cstdint>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/wire/forms.hpp"
#include "core/wire/node.hpp"

namespace muster::wire {

// A node as one peer meets it. The epoch rises when this node ends its link to that peer, so that
// the peer starts afresh as after a restart.
struct Identity {
  Incarnation incarnation = Incarnation::none;
  uint64_t epoch = 0;
  bool operator==(const Identity&) const = default;
};

enum class FrameKind : uint8_t {
  empty = 0,  // heartbeat, acknowledgement
  hello = 1,
  messages = 2,  // unnumbered items
  stream = 3,    // items first .. last of the sender's stream
  piece = 4,     // of one item; number `first` of the stream, or 0
};
template <>
inline constexpr FrameKind highest<FrameKind> = FrameKind::piece;

struct Envelope {
  std::string name;  // of the sender
  Identity from;
  Identity to;         // what the sender believes the receiver to be
  uint64_t echo = 0;   // nonce of the receiver's latest hello that the sender has heard
  uint64_t taken = 0;  // of the receiver's stream: for good
  uint64_t seen = 0;   // of the receiver's stream: arrived; at least `taken`
  FrameKind kind = FrameKind::empty;
  uint64_t first = 0;
  uint64_t last = 0;
  uint32_t part = 0;     // of a piece, from 0
  bool more = false;     // more pieces follow
  uint64_t size = 0;     // of the item that is in pieces
  int64_t clock_us = 0;  // the sender's monotonic clock in the turn that made it
};
template <>
struct Form<Identity> {
  static void visit(auto& v, auto& i) { v(i.incarnation, i.epoch); }
};
template <>
struct Form<Envelope> {
  static void visit(auto& v, auto& e) {
    v(e.name, e.from, e.to, e.echo, e.taken, e.seen, e.kind, e.first, e.last, e.part, e.more,
      e.size, e.clock_us);
  }
};

struct Hello {
  NodeInfo info;
  bool durable = false;
  uint64_t nonce = 0;  // rises with each hello to this peer
  bool up = false;     // the sender has heard the receiver: no answer needed
};
template <>
struct Form<Hello> {
  static void visit(auto& v, auto& h) { v(h.info, h.durable, h.nonce, h.up); }
};

void encode(const Envelope& envelope, Bytes& out);
void encode(const Hello& hello, Bytes& out);

// Reads the value at `offset` and moves behind it. False: drop the frame.
bool read(BytesView frame, size_t& offset, Envelope& envelope);
bool read(BytesView frame, size_t& offset, Hello& hello);

}  // namespace muster::wire
