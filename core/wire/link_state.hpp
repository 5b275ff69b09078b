#pragma once
// What Links knows: its peers and their parties. Inside core/wire only; the methods stand in
// link_hello.cpp (who is there), link_receive.cpp (frames in) and link_turn.cpp (frames out).
//
// A party is an identity that has said hello under a peer's name. The current party is the one we
// are or were up with. Another one is a candidate until it proves that it lives now, by the echo of
// a nonce that we sent after it first appeared: an old hello, delayed, cannot echo it. Replaced
// identities are retired and ignored. Epochs of one incarnation rise: the higher ends the lower.

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/wire/frame.hpp"
#include "core/wire/items.hpp"
#include "core/wire/links.hpp"
#include "core/wire/peer_clock.hpp"
#include "core/wire/stream_in.hpp"
#include "core/wire/stream_out.hpp"

namespace muster::wire {

constexpr size_t peer_limit = 4096;
constexpr size_t retired_limit = 16;  // identities of one name; older ones are forgotten

struct Party {
  Identity identity;
  NodeInfo info;
  bool durable = false;
  uint64_t nonce = 0;      // of its latest hello, echoed to it
  uint64_t challenge = 1;  // lowest nonce of ours that proves its life
};

struct Peer {
  explicit Peer(Duration resend) : out(resend) {}

  NodeInfo known;  // by know(): address and role, or by hello: role
  std::string dialled_talk;
  std::string dialled_bulk;
  bool dialled() const { return !dialled_talk.empty(); }

  Identity mine;  // as this peer meets us
  std::optional<Party> current;
  std::optional<Party> candidate;
  std::vector<Identity> retired;
  Identity paired;         // `mine` when the streams with `current` began
  uint64_t nonce = 0;      // of our latest hello
  uint64_t challenge = 1;  // lowest nonce of ours that proves life while it is down

  bool up = false;
  bool announced = false;  // Up was reported for the present stream, and no Ended since
  Instant heard_at{};
  PeerClock clock;
  Instant answer_at{};  // earliest next hello that answers a frame we cannot use

  StreamOut out;
  StreamIn in;
  std::array<Outbox, 2> boxes;         // unnumbered, by channel
  std::array<Assembly, 2> assemblies;  // unnumbered, by channel
  bool hello_due = false;
  Identity hello_to;  // whom it answers; nobody: whom we know best
  bool heartbeat_due = false;
};

// A frame whose items are handed up one by one, each when it is asked for: into one event, which
// stays in the cache.
struct Reading {
  std::string name;
  Peer* peer = nullptr;
  SharedBuffer bytes;
  size_t offset = 0;
  bool numbered = false;
  uint64_t number = 0;  // of the next item
  uint64_t last = 0;
  Now now{};
};

struct Links::State {
  State(NodeInfo info, LinkOptions link_options, bool is_durable)
      : self(std::move(info)), options(link_options), durable(is_durable) {}

  // link_hello.cpp
  Peer& peer_of(const std::string& name);
  Peer* find(const std::string& name);
  void dial(const std::string& name, Peer& peer);
  bool learn(const std::string& name, Peer& peer, const Envelope& envelope, const Hello& hello);
  bool proves_life(const Peer& peer, const Envelope& envelope) const;
  void accept(const std::string& name, Peer& peer, const Envelope& envelope);
  void begin_streams(const std::string& name, Peer& peer, const Party& party,
                     const Envelope& envelope);
  void go_down(const std::string& name, Peer& peer);
  void end_stream(const std::string& name, Peer& peer);
  void end_link(const std::string& name, Peer& peer, Incarnation incarnation);
  Party* party_of(Peer& peer, const Identity& identity);
  void answer(Peer& peer, const Identity& whom);
  void answer_stranger(Now now, Peer& peer, const Identity& whom);

  // link_receive.cpp
  void receive(Now now, InFrame frame);
  bool open_frame(Now now, const InFrame& frame, const Envelope& envelope, size_t& offset);
  void open_stream(Now now, InFrame frame, Peer& peer, const Envelope& envelope, size_t offset);
  void open_piece(Now now, const InFrame& frame, Peer& peer, const Envelope& envelope,
                  size_t offset);
  void read(Now now, const std::string& name, Peer& peer, Bytes bytes, size_t offset);

  // link_events.cpp
  LinkEvent* next_event();
  bool read_item();
  void finish_reading();
  void stop_reading(const Peer& peer);

  // link_turn.cpp
  void enter(Now now);
  void tick(Now now);
  void finish_turn(Now now);
  void send_hello(Now now, const std::string& name, Peer& peer);
  bool send_parcels(Now now, const std::string& name, Peer& peer);
  bool send_box(Now now, const std::string& name, Peer& peer, Channel channel);
  void send(const std::string& name, Channel channel, const Envelope& envelope,
            const Parcel& parcel);
  Envelope envelope_to(Now now, const Peer& peer, const Party* party) const;
  Instant next_wake() const;

  NodeInfo self;
  LinkOptions options;
  bool durable;
  std::map<std::string, Peer> peers;  // by name: what is seen outside follows this order
  std::map<std::string, Peer>::iterator latest = peers.end();  // that was asked for
  std::map<Incarnation, uint64_t> stored;  // durable: taken of the peers' incarnations
  uint64_t epochs = 0;
  Instant entered = Instant::min();
  Instant next_heartbeat = Instant::min();
  ItemReader items;
  std::deque<LinkEvent> events;
  size_t before_reading = 0;  // of them
  std::optional<Reading> reading;
  LinkEvent event;  // that was handed up last
  Effects effects;
};

}  // namespace muster::wire
