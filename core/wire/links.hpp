#pragma once
// All links of one node: hello, heartbeat, incarnations, and the Stream to and from each peer
// (protocol.md, Streams). A small machine without sockets or clocks, owned by a node-level mind and
// used from its thread. The mind says what to send; the frames come out in finish_turn().
//
// Stream: items are numbered from 1 for each (our incarnation, the peer's), batched into frames,
// acknowledged cumulatively, kept until then, sent again after a reconnect, and handed up once and
// in order. A peer that says `durable` in its hello (global) keeps the last number taken in its
// store: the stream goes on after its restart from there. Any other new incarnation of the peer
// ends the stream: Ended, then Up with fresh = true, and ours starts at 1 again. Numbers may skip
// (a large item takes one for each of its pieces).
//
// Bounds. Towards a peer at most 8 MiB or 256 frames are on their way unseen; the rest waits here,
// as does all that is streamed to a peer that is down. The mind bounds it: before what consumes
// credit (Publish, Deliver, WatchRows) it asks credit() and otherwise drops, refuses or withholds;
// before a list that can grow (routes, claims) it asks waiting_bytes() and says it anew later as a
// snapshot. What comes in is handed up at once and bounded by the peer's window. A message may have
// 512 MiB; peers we have met are at most 4,096, further ones are ignored.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/wire/backlog.hpp"
#include "core/wire/messages.hpp"
#include "core/wire/node.hpp"

namespace muster::wire {

struct LinkOptions {
  Duration heartbeat = std::chrono::milliseconds(500);
  Duration liveness = std::chrono::milliseconds(2000);  // silence after which a peer is down
  Duration resend = std::chrono::milliseconds(500);     // unacknowledged with no progress: again
  size_t window_bytes = 64 << 20;  // unacknowledged bytes that consume credit before it is gone
};

// Beats fall on multiples of the interval: the roles of one process wake together, and find what
// the others have just said, instead of one after the other.
inline Instant next_beat(Instant now, Duration interval) {
  return Instant((now.time_since_epoch() / interval + 1) * interval);
}

// The peer said hello and heard ours. fresh: our stream to it starts at 1 (announce everything).
struct PeerUp {
  NodeInfo peer;
  bool fresh = true;
};
// Silence over `liveness`, or another incarnation has come, or it was ended. Unless Ended follows,
// what was streamed stays queued for its return.
struct PeerDown {
  std::string peer;
  Role role;
  Incarnation incarnation;
};
// The stream to the peer's incarnation is over for good: unacknowledged items are dropped, their
// numbers are in (acknowledged, last]; who will say them again finds them in the
// backlog. Follows a hello of a new incarnation, end_peer(), forget() and renew(). Also the peer
// drops what it has not yet sent us of its stream; it announces anew.
struct PeerEnded {
  std::string peer;
  Role role;
  Incarnation incarnation;
  uint64_t acknowledged = 0;
  uint64_t last = 0;
  Backlog backlog = {};
};
struct Received {
  std::string peer;
  Role role;
  Incarnation incarnation;
  uint64_t number = 0;  // of the stream; 0: talk or unnumbered bulk
  Message message;
};
struct Acknowledged {  // the peer has taken all stream items up to `number`
  std::string peer;
  uint64_t number = 0;
};
using LinkEvent = std::variant<PeerUp, PeerDown, PeerEnded, Received, Acknowledged>;

class Links {
 public:
  // `durable`: this node acknowledges by acknowledge(), when stored; others acknowledge what was
  // handed up at the end of the turn. Durable nodes tell through `taken` what they have stored.
  Links(NodeInfo self, LinkOptions options, bool durable);
  ~Links();
  Links(Links&&) noexcept;

  const NodeInfo& self() const;
  // A new incarnation for this process (Deposed): every stream starts anew.
  void renew(Now now, Incarnation incarnation);
  // The last number stored from a peer's incarnation, loaded at start of a durable node.
  void set_taken(Incarnation peer, uint64_t number);

  // Known addresses. Dials those that this node must dial (see Role); a changed address dials
  // again.
  void know(Now now, const NodeInfo& node);
  void forget(Now now, const std::string& name);
  // Judged dead: PeerEnded, its stream is dropped. If it lives it says hello again, and both sides
  // start afresh: the same incarnation may come Up again; whether it is final, the mind says.
  void end_peer(const std::string& name);

  void receive(Now now, InFrame frame);
  void tick(Now now);
  Instant next_wake() const;
  // What happened, in order; nullptr: nothing more. Lives until the next call; to be emptied after
  // each receive() and tick().
  LinkEvent* next_event();

  bool up(const std::string& peer) const;
  std::vector<NodeInfo> peers() const;  // those that are up
  bool credit(const std::string& peer) const;
  size_t waiting_bytes(const std::string& peer) const;               // unacknowledged, of any kind
  uint64_t stream(const std::string& peer, const Message& message);  // its number
  void talk(const std::string& peer, const Message& message);        // lost when the peer is not up
  void bulk(const std::string& peer, const Message& message);        // same, on the bulk socket
  void bulk_encoded(const std::string& peer, Bytes message);         // see encoded.hpp
  // Durable nodes, when stored. With the incarnation, since it may have been replaced meanwhile.
  void acknowledge(const std::string& peer, Incarnation incarnation, uint64_t number);

  // Packs what was said in this turn into frames.
  void finish_turn(Now now);
  Effects take_effects();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::wire
