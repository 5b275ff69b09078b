#pragma once
// One connection and the session that lives with it: plain data of one shard. Persistent state
// lives at global, so what a shard knows of a session ends with its connection. What only some
// clients need is allocated when first used; an idle client stays small.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/authenticator.hpp"
#include "broker/kept_share.hpp"
#include "broker/letters.hpp"
#include "core/base/lazy.hpp"
#include "core/base/texts.hpp"
#include "core/base/time.hpp"
#include "core/mqtt/id_set.hpp"
#include "core/mqtt/inbox_window.hpp"
#include "core/mqtt/outgoing_aliases.hpp"
#include "core/mqtt/packet.hpp"
#include "core/mqtt/packet_ids.hpp"
#include "core/mqtt/topic_alias.hpp"

namespace muster::broker {

struct Resolved;

enum class Phase : uint8_t {
  free,              // index unused
  awaiting_connect,  // accepted, CONNECT not read yet
  authenticating,    // CONNECT read, AUTH awaited
  awaiting_grant,    // persistent: global decides; nothing more is parsed
  live,
  closing,  // closed or moved; the host still has to carry it out
};

// One entry of a SUBSCRIBE.
struct Subscribed {
  std::string filter;
  mqtt::SubscriptionOptions options;
  uint32_t identifier = 0;
};

// A SUBSCRIBE or UNSUBSCRIBE whose answer waits for routes to be bound, for global, or for both.
struct PendingAnswer {
  uint16_t packet_id = 0;
  bool unsubscribe = false;
  uint64_t routes = 0;                  // answered once this shard's routes are bound up to here
  uint64_t request = 0;                 // SubscribeDone owed; 0: none
  std::optional<wire::Message> stored;  // what global was asked: said again when it has restarted
  std::vector<mqtt::Reason> reasons;
  std::vector<size_t> places;      // in `reasons`, of what global was asked to store
  std::vector<Subscribed> sys;     // below $SYS: their present values follow
  std::vector<std::string> reads;  // filters whose retained messages are sent then
};

// QoS > 0 publications of a clean session that wait for the receiver's window. Encoded packets,
// with the place of their packet identifier.
struct Waiting {
  struct Item {
    Bytes packet;
    uint32_t id_at = 0;
    Instant expires = never;
    std::unique_ptr<KeptShare> share = {};  // of a group's publication
  };
  std::deque<Item> items;
  size_t bytes = 0;
};

// Answers to PUBLISH and PUBREL in the order of what they answer (4.6.0-2, -3); the first may wait
// for other nodes.
struct AckQueue {
  struct Item {
    uint64_t token;
    uint16_t packet_id;
    mqtt::PacketType type;  // PUBACK, PUBREC or PUBCOMP
    mqtt::Reason reason;
    bool done;
  };
  std::deque<Item> items;
  uint32_t pubrecs = 0;  // of them
};

// QoS 2 of one connection (4.3.3): packet identifiers.
struct ExactlyOnce {
  mqtt::IdSet received;   // PUBLISH came, PUBREL did not
  mqtt::IdSet unsettled;  // of these: not all direct targets may have it (wire::Grant)
  mqtt::IdSet sent;       // PUBLISH went out, PUBCOMP did not come (clean sessions)
};

// What a persistent session has streamed out (packet id <-> inbox number) and what waits for the
// lease.
struct InboxState {
  struct Held : wire::InboxEntry {
    Instant expires = never;
  };
  mqtt::InboxWindow window;
  std::deque<Held> held;           // at most Receive Maximum: global's credit
  std::vector<uint64_t> acked;     // in this turn
  std::vector<uint64_t> received;  // PUBREC came in this turn
  uint64_t newest = 0;             // the highest number that came, of this session
  uint64_t routes = 0;  // output is withheld until the session's subscriptions are bound; 0: no
  bool awaits_lease = false;
};

// Enhanced authentication; for the whole connection, since a client may authenticate anew.
struct Authentication {
  std::shared_ptr<const AuthMethod> method;
  std::unique_ptr<AuthExchange> exchange;  // under way
  Bytes connect;                           // while its CONNACK waits
  std::optional<std::string> data;         // for CONNACK
};

// Reads of retained messages that its SUBSCRIBEs began: one page of the first is asked for at a
// time, as the outbox drains.
struct RetainedReads {
  struct Read {
    uint64_t number = 0;
    uint64_t wanted = 0;  // begins once RetainedReady has come up to here
    std::string filter;
  };
  std::deque<Read> reads;
  uint16_t shard = 0;  // of the first: who is asked
  std::string after;
  bool asked = false;
  // Topics whose newest message came live, and the newest read at that time: what a page of it, or
  // of one before it, says of them is older.
  std::map<std::string, uint64_t, std::less<>> overtaken;
};

// Read, not yet parsed: a packet's beginning, or what came while the client is not read.
struct Unparsed {
  Bytes bytes;
  size_t needed = 0;  // that make the packet whole, when known
};

struct Client {
  Phase phase = Phase::free;
  mqtt::Version version = mqtt::Version::v3_1_1;
  bool doomed = false;  // in State::doomed of this event
  bool dirty = false;   // in ShardEffects::dirty of this turn
  bool paused = false;  // host was told not to read
  bool persistent = false;
  bool clean_start = true;
  bool acked = false;         // in State::acked_clients of this turn
  bool said_goodbye = false;  // DISCONNECT came
  bool assigned_id = false;
  bool announce_keep_alive = false;  // the server chose another one
  bool announce_expiry = false;
  wire::Durability door = wire::Durability::standard;  // that it came in by
  bool problem_information = true;                     // Request Problem Information
  bool response_information = false;                   // Request Response Information
  uint16_t keep_alive_s = 0;
  uint16_t receive_maximum = 65535;  // the client's
  uint32_t generation = 0;
  uint32_t sent = 0;  // bytes of outbox already written
  uint32_t session_expiry_s = 0;
  uint32_t maximum_packet_size = UINT32_MAX;  // the client's
  Serial serial = Serial::none;
  Term term = Term::none;
  Instant last_heard{};
  Instant connected_at{};
  Instant over_limit_since = never;
  int64_t since_ms = 0;
  const Resolved* last_route = nullptr;  // "same topic as last time", valid for last_route_version
  uint64_t last_route_version = 0;
  Bytes outbox;  // borrowed from the shard while there is output
  std::unique_ptr<Unparsed> rest;
  Texts<3> names;
  // filter -> of a presence filter its subscription number at the Node, else 0
  Lazy<std::map<std::string, uint64_t, std::less<>>> subscriptions;
  Lazy<std::vector<uint64_t>> presence_unanswered;  // PresenceMore is owed, the outbox drained
  mqtt::PacketIds ids;                              // clean sessions
  std::unique_ptr<Waiting> waiting;
  std::unique_ptr<AckQueue> acks;
  std::unique_ptr<ExactlyOnce> two;
  std::unique_ptr<KeptShares> shares;
  std::unique_ptr<InboxState> inbox;
  std::unique_ptr<RetainedReads> retained;
  std::unique_ptr<std::vector<PendingAnswer>> answers;
  std::unique_ptr<wire::Will> will;
  std::unique_ptr<Authentication> authentication;
  std::unique_ptr<mqtt::TopicAliases> aliases_in;      // when the first one comes
  std::unique_ptr<mqtt::OutgoingAliases> aliases_out;  // if the client takes any

  BytesView user() const { return names[0]; }  // as presence names it
  BytesView client_id() const { return names[1]; }
  BytesView address() const { return names[2]; }
};

}  // namespace muster::broker
