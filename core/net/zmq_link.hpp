#pragma once
// Frames between named nodes over ZeroMQ. A node binds one ROUTER a channel and dials each peer it
// is told to with one DEALER a channel; all sockets belong to one thread, which sleeps in wait().
//
// Names: a DEALER's routing id is `name#incarnation#n`, n fresh at each dial, since ZeroMQ silently
// ignores a second peer with an id that it knows. Answers go to the newest id of a name.
// Opening: a DEALER announces each of its connections by an empty frame, the ROUTER answers with
// another. Until then frames to that peer are parked (parked_frames, parked_bytes a lane).
// Loss: nothing is queued for a peer that is not connected (ZMQ_IMMEDIATE). A frame that finds its
// queue full (talk_frames, bulk_frames a peer and direction) or its peer gone is dropped and
// counted: streams send it again, everything else is repeated by whoever said it. Healing: a
// dialled peer that was silent for `redial_after` is dialled afresh, whatever the reason.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/net/fd.hpp"
#include "core/net/zmq_context.hpp"
#include "core/net/zmq_socket.hpp"

namespace muster::net {

enum class LinkChannel : uint8_t { talk = 0, bulk = 1 };
constexpr size_t link_channels = 2;

struct LinkFrame {
  std::string peer;
  LinkChannel channel = LinkChannel::talk;
  Bytes bytes;
};

struct LinkOptions {
  std::string name;  // letters, digits and . _ - ; at most 64
  Incarnation incarnation = Incarnation::none;
  std::string talk;  // endpoints to bind: "tcp://127.0.0.1:*", "inproc://global-talk"
  std::string bulk;
  int talk_frames = 1000;
  int bulk_frames = 1000;
  size_t frame_bytes = (1 << 20) + 4096;  // largest frame
  size_t parked_frames = 64;
  size_t parked_bytes = 4 << 20;
  size_t turn_frames = 256;     // handed over by one receive()
  size_t turn_bytes = 4 << 20;  // of bulk, likewise
  Duration redial_after = std::chrono::seconds(5);
};

struct LinkCounters {
  uint64_t blocked = 0;    // dropped: the queue was full, or the peer not connected
  uint64_t unknown = 0;    // dropped: no such peer here
  uint64_t malformed = 0;  // came in from something that is no node
  uint64_t refused = 0;    // handshakes with a wrong key or none
  uint64_t redials = 0;
};

class ZmqLink {
 public:
  // Binds. The error is one line for people: "tcp://127.0.0.1:7000: address already in use".
  static Expected<std::unique_ptr<ZmqLink>, std::string> open(ZmqContext& context,
                                                              LinkOptions options);
  ~ZmqLink();
  ZmqLink(const ZmqLink&) = delete;
  ZmqLink& operator=(const ZmqLink&) = delete;

  // What is bound, with the actual port.
  const std::string& endpoint(LinkChannel channel) const { return endpoints_[index(channel)]; }

  // Connects to a peer's two endpoints; nothing happens if they are what is dialled already. Empty
  // endpoints: lets it go. What cannot be dialled is logged, and frames to it are dropped.
  void dial(const std::string& peer, const std::string& talk, const std::string& bulk, Instant now);
  bool send(const std::string& peer, LinkChannel channel, Bytes bytes);  // false: dropped

  // Sleeps until a frame waits, `also` is readable, or the timeout is over. Whether `also` is.
  bool wait(Duration timeout, const Fd& also);
  // Appends what wait() found, talk before bulk, within the limits of a turn.
  void receive(std::vector<LinkFrame>& frames, Instant now);
  void tick(Instant now);
  Instant next_wake() const;

  // Closes all sockets. What is queued has until `drain` is over; the context's end waits for it.
  void close(Duration drain);
  const LinkCounters& counters() const { return counters_; }

 private:
  struct Lane {
    ZmqSocket dealer;        // where we dialled
    std::string routing_id;  // where the peer did: its newest connection to our ROUTER
    Instant dialled;
    bool open = false;
    std::vector<Bytes> parked;
    size_t parked_bytes = 0;
  };
  struct Peer {
    Lane lanes[link_channels];
    std::string dialled[link_channels];  // endpoints; empty: the peer dials
    Instant heard;                       // the last frame of talk
  };
  struct Source {  // of incoming frames, in the order of the poll list
    LinkChannel channel = LinkChannel::talk;
    std::string peer;  // empty: our ROUTER
  };
  struct PollList;

  ZmqLink(ZmqContext& context, LinkOptions options);
  static size_t index(LinkChannel channel) { return static_cast<size_t>(channel); }

  std::string bind();
  void limit(ZmqSocket& socket, LinkChannel channel, const std::string& endpoint);
  void watch_door(LinkChannel channel);
  void connect(const std::string& name, Peer& peer, LinkChannel channel, Instant now);
  Instant redial_at(const Peer& peer, LinkChannel channel) const;
  bool park(Lane& lane, Bytes bytes);
  bool send_now(LinkChannel channel, Lane& lane, Bytes bytes);
  void opened(LinkChannel channel, Lane& lane);
  void announced(const std::string& routing_id, LinkChannel channel);
  void drain(LinkChannel channel, std::vector<LinkFrame>& frames, size_t limit, Instant now);
  bool receive_one(const Source& source, std::vector<LinkFrame>& frames, Instant now);
  void read_door();
  void rebuild_poll_list();

  ZmqContext& context_;
  LinkOptions options_;
  LinkCounters counters_;
  ZmqSocket routers_[link_channels];
  ZmqSocket doors_[link_channels];  // handshakes that failed, where a key is asked for
  std::string endpoints_[link_channels];
  std::unordered_map<std::string, Peer> peers_;
  uint64_t dials_ = 0;
  size_t first_source_ = 0;  // rotates, so that no source is always the last
  bool stale_ = true;        // the poll list: sockets came or went
  std::unique_ptr<PollList> poll_;
};

}  // namespace muster::net
