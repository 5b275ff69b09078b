#pragma once
// What the threads of one broker say to each other: shards among themselves, and each shard with
// the broker's Node (the mind on the gateway thread that speaks with the other servers). One Parcel
// per receiver and turn; its letters are opened in order, before its publications. Plain values: a
// parcel belongs to whoever holds it.

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "broker/publications.hpp"
#include "broker/shard_counters.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/mqtt/reason.hpp"
#include "core/wire/messages.hpp"

namespace muster::broker {

// Where a client lives: its shard keeps it under this index; the generation tells a reused index.
struct ClientRef {
  ShardIndex shard{};
  uint32_t index = 0;
  uint32_t generation = 0;
  auto operator<=>(const ClientRef&) const = default;
};

// The shard that owns a client id's connections.
ShardIndex home_of(BytesView client_id, uint16_t shards);

// Other nodes as bits: peer 0 is global, 1..63 other brokers. The Node gives them out; a bit is not
// reused before every shard has answered PeerLost.
using PeerIndex = uint8_t;
constexpr PeerIndex global_peer = 0;
constexpr PeerIndex peer_limit = 64;

// ---- routes ---------------------------------------------------------------------------------

// shard -> every other shard and the Node: filters that this shard wants (two-level match: the
// receiver of a publication matches again, so a stale route only costs a letter).
struct RouteChange {
  uint64_t number = 0;  // rises by one with each letter of this shard
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<wire::GroupRoute> groups = {};  // with their new counts
};
// shard -> shard: I know your routes up to this number.
struct RoutesSeen {
  uint64_t number = 0;
  std::vector<uint64_t> owns;  // RetainedOwn letters sent before, by receiving shard; empty: none
};
// Node -> shard: every connected broker knows your routes up to this number (or was passed over).
struct RoutesBound {
  uint64_t number = 0;
};
// Node -> shards: routes of another node. Answered by PeerRoutesSeen with the same number.
struct PeerRoutes {
  PeerIndex peer = 0;
  uint64_t number = 0;
  bool snapshot = false;  // replaces all of this peer's
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<wire::GroupRoute> groups = {};
};
struct PeerRoutesSeen {
  PeerIndex peer = 0;
  uint64_t number = 0;
};
// Node -> shards: this peer is over. Its routes go. (Taken letters for what waited follow.)
// Numbered like PeerRoutes and answered like it.
struct PeerLost {
  PeerIndex peer = 0;
  uint64_t number = 0;
};

// ---- acknowledgements of forwarded publications ---------------------------------------------

// Node -> the publishing shard: one target of each of these publications has taken it (or has
// ended). A token appears once for each bit that was set in the publication's `peers`.
struct Taken {
  std::vector<uint64_t> tokens;
};

// ---- sessions and presence: to and from global ----------------------------------------------

// shard -> Node: Claim, Gone, SubscribeSession, UnsubscribeSession, InboxAck, SetInfo: streamed on.
struct ForGlobal {
  wire::Message message;
  uint64_t token = 0;  // not 0: answered by Taken once global has taken it
};
// Node -> home shard: GrantPage, Grant, Refused, Evict, SubscribeDone, Deliver, DeliverRun,
// InboxReleased.
struct FromGlobal {
  wire::Message message;
};
// Node -> shards: claim all live connections again (ForGlobal), then say ClaimsListed.
struct ListClaims {
  uint64_t round = 0;
};
struct ClaimsListed {
  uint64_t round = 0;
};
// Node -> shards: this broker's lease. Once `until` has passed, inbox deliveries are held back.
struct Lease {
  Instant until{};
};
// Node -> shards: global's routes are known. Before, every QoS > 0 publication goes to peer 0 too.
struct GlobalKnown {
  bool known = false;
};

// ---- queries and presence topics ------------------------------------------------------------

// shard -> Node: a PUBLISH to $query. The Node judges it and always answers.
struct AskQuery {
  ClientRef client;
  std::string user;  // who asks, as presence knows it
  std::string payload;
  std::string response_topic;  // "$query/answer" if the client named none
  std::string correlation_data;
  bool has_correlation = false;
};
// Node -> shard: goes to this connection alone, QoS 0.
struct QueryAnswered {
  ClientRef client;
  std::string topic;
  std::string payload;
  std::string properties;  // raw MQTT 5 properties (correlation data, content type)
};
// shard -> Node: SUBSCRIBE to a presence filter: $user/<name or +>/presence or .../presence/state.
// `subscription` is unique in the shard. The Node answers with PresenceRows: the snapshot (retain =
// true) page by page, and changes; of a device never a change before its snapshot row. One
// PresenceRows is under way: the shard answers each with one PresenceMore once the client can take
// more (for a fast one at once), and the next follows when there is something to say. Meanwhile
// changes wait keyed by device, newest wins, and the count of those skipped is put into the
// payload.
struct PresenceOpen {
  ClientRef client;
  uint64_t subscription = 0;
  std::string asker;  // user
  std::string user;   // "+" or a name
  bool state_only = false;
  bool snapshot = true;
};
struct PresenceMore {
  ShardIndex shard{};
  uint64_t subscription = 0;
};
struct PresenceClose {
  ShardIndex shard{};
  uint64_t subscription = 0;
};
struct PresenceRows {
  ClientRef client;
  uint64_t subscription = 0;
  bool refused = false;  // may not see, or no query server: no rows follow
  struct Row {
    std::string topic;
    std::string payload;
    bool retain = false;
  };
  std::vector<Row> rows;
};

// ---- $SYS -------------------------------------------------------------------------------------

// Node -> shards, each sys_interval: what have you counted? Answered by Counted.
struct Count {
  uint64_t round = 0;
};
struct Counted {
  uint64_t round = 0;
  ShardCounters counters;
};
// Node -> shards: what $SYS says from now on. One table for all, never changed once posted; ordered
// by topic.
struct SysValue {
  std::string topic;
  std::string payload;
  bool changed = true;  // since the table before
};
using SysTable = std::shared_ptr<const std::vector<SysValue>>;
struct SysValues {
  SysTable table;
};

// ---- retained messages ----------------------------------------------------------------------
// A topic's retained message lives in the shard home_of(topic).

struct RetainedValue {
  Slice topic;
  Slice payload;  // empty: clears the topic
  Slice properties;
  Slice publisher;
  uint8_t qos = 0;
  uint32_t expiry_s = UINT32_MAX;  // left
};
// publishing shard -> the topic's: shown from now on, until global has told what it made of it.
struct RetainedOwn {
  uint64_t counter = 0;  // of this shard's retained publications
  RetainedValue value;
};
// Node -> shards: what global says (wire::Retained); values of one shard's topics only.
struct RetainedPart {
  wire::RetainedKind kind = wire::RetainedKind::change;
  std::vector<RetainedValue> values;
};
// Node -> shards, behind what it follows from: global has what shard i published up to counters[i].
struct RetainedEchoed {
  std::vector<uint64_t> counters;
};
// shard -> Node: somebody wants to read. Answered by RetainedReady once this broker has what was
// stored, or was known to another broker, before; at once while global is away.
struct RetainedWanted {
  uint64_t number = 0;
};
struct RetainedReady {
  uint64_t number = 0;  // all up to here
};
// shard -> a topic's shard: the next page of what a filter matches. One is under way for a client.
struct RetainedAsk {
  ClientRef client;
  uint64_t read = 0;
  std::string filter;
  std::string after;
  std::vector<uint64_t> owns;  // answered after so many RetainedOwn letters, by publishing shard
};
struct RetainedPage {
  ClientRef client;
  uint64_t read = 0;
  std::vector<RetainedValue> values;
  std::string after;
  bool last = false;
};

using Letter =
    std::variant<RouteChange, RoutesSeen, RoutesBound, PeerRoutes, PeerRoutesSeen, PeerLost, Taken,
                 ForGlobal, FromGlobal, ListClaims, ClaimsListed, Lease, GlobalKnown, AskQuery,
                 QueryAnswered, PresenceOpen, PresenceMore, PresenceClose, PresenceRows, Count,
                 Counted, SysValues, RetainedOwn, RetainedPart, RetainedEchoed, RetainedWanted,
                 RetainedReady, RetainedAsk, RetainedPage>;

struct Parcel {
  ShardIndex from{};  // the sending shard; unused when `from_node`
  bool from_node = false;
  std::vector<Letter> letters;
  Publications publications;
  bool empty() const { return letters.empty() && publications.empty(); }
};

}  // namespace muster::broker
