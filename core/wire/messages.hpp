#pragma once
// Everything that servers say to each other above the link (hello, heartbeats and numbering are the
// link's own: links.hpp). Each message says who sends it and on which way: Stream (numbered,
// acknowledged, resent), talk (may be lost, sender repeats), Replica. The rules are protocol.md's.
// On the wire: a MessagePack array [type, fields...]; missing trailing fields keep their defaults,
// additional ones are ignored, so version N talks to N-1.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/slice.hpp"
#include "core/wire/groups.hpp"
#include "core/wire/node.hpp"
#include "core/wire/query.hpp"
#include "core/wire/rows.hpp"

namespace muster::wire {

constexpr uint32_t no_expiry = UINT32_MAX;

// ---- application messages -------------------------------------------------------------------

// What it must survive where it is kept.
enum class Durability : uint8_t {
  standard = 0,  // as global's store does it by itself
  memory = 1,    // nothing
  process = 2,   // the death of the process: written
  power = 3,     // a loss of power: on disk
};

struct Publication {
  Slice topic;
  Slice payload;
  Slice properties;  // raw MQTT 5 property bytes, forwardable
  uint8_t qos = 0;
  bool retain = false;
  uint32_t expiry_s = no_expiry;  // left when sent
  Slice publisher;                // client id
  int64_t published_ms = 0;       // wall
  Durability durability = Durability::standard;
  // The form in which it came, held like its texts, and what that says of what may be another in
  // each entry of an inbox: while these are the same the entry is sent and stored with it. Only
  // inboxes look at it. Whoever changes a text forgets it. Is not sent.
  struct Encoded {
    BytesView bytes;  // none of a large one
    uint32_t expiry_s = no_expiry;
    uint8_t qos = 0;
    bool retain = false;
  } encoded = {};
  // Holds those of its texts that do not hold themselves, with one count for all. Is not sent.
  std::shared_ptr<const void> texts = nullptr;

  bool is_as_it_came() const {
    return !encoded.bytes.empty() && encoded.qos == qos && encoded.retain == retain &&
           encoded.expiry_s == expiry_s;
  }

  // One of its texts, to be kept alone.
  Slice alone(const Slice& text) const { return text.holds() ? text : Slice(texts, text.view()); }
  // All of its texts.
  size_t bytes() const {
    return topic.size() + payload.size() + properties.size() + publisher.size();
  }
};
// Texts of at least this size are not copied where that can be avoided.
constexpr size_t large_text_bytes = 64 << 10;
// The same while somebody else holds it, for what is encoded at once: holding costs more than that.
// What has large texts together is held in any case. Only in a Publish and a Deliver: the link owns
// what it cannot encode at once.
void borrow(const Publication& from, Publication& to);
// The texts copied into one buffer of their own, for what is kept longer than the frame that it
// came in. But for a large payload that holds itself: it is most of its buffer in any case.
void own(Publication& publication);
// The same into memory that somebody else keeps: so many bytes.
size_t bytes_to_own(const Publication& publication);
void own_at(char* memory, Publication& publication);

// broker -> broker and global -> broker (Stream): deliver to your direct subscribers.
// broker -> global (Stream): append to the inboxes of matching persistent sessions. Its stream
// acknowledgement says "taken": by a broker when its shards have it, by global when committed.
struct Publish {
  Publication publication;
  // Global sends a will until it has stored that the broker took it, also after a restart of its
  // own: a broker delivers each number other than 0 once in its incarnation.
  uint64_t will = 0;
  // QoS 2 of a persistent publisher: global stores the packet identifier in its session, together
  // with the inbox entries, and appends nothing for one that it has already.
  Term term = Term::none;
  uint16_t packet_id = 0;  // 0: none of this
  // Of a retained publication: its place among those of its broker, which rises. To global: store
  // it, whatever its QoS. 0: not a retained one.
  uint64_t retained = 0;
  // For groups of shared subscriptions (groups.hpp): the group's name, or names.
  std::string share = {};
  ShareWay way = ShareWay::none;
};

// Plain packets that followed each other as they came from one client (core/mqtt/plain_packet.hpp):
// one topic, QoS 0 or 1. Ways and acknowledgement are those of Publish.
struct PublishRun {
  Slice packets;
  bool v5 = false;
  Slice publisher;           // client id
  int64_t published_ms = 0;  // wall
  Durability durability = Durability::standard;
};
void own(PublishRun& run);

// Each node announces its own routes, in order, on the stream that carries its messages; a snapshot
// replaces all. RoutesTaken (Stream, back) says that all of the receiver's shards know them.
struct Routes {
  uint64_t number = 0;  // rises by one a message
  bool snapshot = false;
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<GroupRoute> groups = {};  // with their new counts
};
struct RoutesTaken {
  uint64_t number = 0;  // cumulative
  // The newest retained publication (Publish::retained) that its sender had before it said this:
  // those up to here may not have followed the routes, but are in the store or on their way to it.
  uint64_t retained = 0;
};

// ---- retained messages ------------------------------------------------------------------------

struct RetainedEntry {
  uint64_t number = 0;  // of global's log; the last one of a topic wins
  // An empty payload clears the topic. expiry_s is what is left when sent.
  Publication publication;
  Incarnation origin = Incarnation::none;  // whose echo it is; in pages: nobody's
  uint64_t counter = 0;                    // Publish::retained there
};
enum class RetainedKind : uint8_t { begin = 0, page = 1, end = 2, change = 3 };
// global -> broker (Stream): a snapshot after each beginning of the stream, and whenever changes
// were left out because the broker did not keep pace: begin, pages, end. What was not named between
// the two is gone. Changes come in order, also between pages.
struct Retained {
  RetainedKind kind = RetainedKind::change;
  std::vector<RetainedEntry> entries;
  uint64_t counter = 0;  // begin: the receiver's own Publish::retained that global has stored
};
// broker -> global (Stream): say when I have everything that was stored before, and everything up
// to these counters of these brokers. RetainedSynced (Stream) stands behind all of that.
struct RetainedSync {
  uint64_t request = 0;
  std::vector<std::pair<Incarnation, uint64_t>> marks;
};
struct RetainedSynced {
  uint64_t request = 0;
};

// ---- sessions and presence: broker -> global (Stream) -----------------------------------------

struct Will {
  Publication publication;
  uint32_t delay_s = 0;
};

// A live connection. A clean one only states a fact; a persistent one asks for its session and gets
// Grant or Refused. The younger connection wins.
struct Claim {
  std::string client_id;
  std::string user;
  Serial serial = Serial::none;
  Term term = Term::none;    // held already (claim repeated after a hello)
  int64_t connected_us = 0;  // when, by its sender's monotonic clock; links make it the receiver's
  bool persistent = false;
  bool clean_start = true;
  uint32_t session_expiry_s = 0;
  uint16_t receive_maximum = 65535;
  uint16_t keep_alive_s = 0;
  uint8_t protocol = 4;
  std::string address;
  int64_t since_ms = 0;
  std::optional<Will> will;
};
// The list of live connections after a hello: begin, claims, end. Rows of this incarnation that are
// not between the two are closed.
struct ClaimsBegin {
  // Publish::retained up to here was taken, perhaps from an incarnation of this process before.
  uint64_t retained = 0;
};
struct ClaimsEnd {};

// The end of one connection; of a persistent session with `term`: it is detached.
struct Gone {
  std::string client_id;
  Serial serial = Serial::none;
  Term term = Term::none;
  GoneReason reason = GoneReason::disconnected;
  int64_t at_ms = 0;
  std::optional<uint32_t> session_expiry_s;  // changed at DISCONNECT
  bool unsettled = false;                    // not all targets may have its QoS 2 publications
};

struct Subscription {
  std::string filter;
  uint8_t qos = 0;
  bool no_local = false;
  bool retain_as_published = false;
  uint8_t retain_handling = 0;
  uint32_t identifier = 0;
};
struct SubscribeSession {
  std::string client_id;
  Term term = Term::none;
  uint64_t request = 0;
  std::vector<Subscription> subscriptions;
};
struct UnsubscribeSession {
  std::string client_id;
  Term term = Term::none;
  uint64_t request = 0;
  std::vector<std::string> filters;
};
struct InboxAck {
  std::string client_id;
  Term term = Term::none;
  std::vector<uint64_t> numbers;
  std::vector<uint64_t> received = {};  // QoS 2: PUBREC came. Answered by InboxReleased when stored
};
// QoS 2: the publisher has released this packet identifier, it may be used again. PUBCOMP goes out
// when this is stored.
struct PublishReleased {
  std::string client_id;
  Term term = Term::none;
  uint16_t packet_id = 0;
};
struct SetInfo {
  std::string user;
  std::map<std::string, std::string> attributes;  // an empty value removes one
};

// ---- global -> broker (Stream) ------------------------------------------------------------------

// Subscriptions of a session whose Grant follows on the same stream: all but the last page of them,
// so that no turn of a broker takes up more than that many.
struct GrantPage {
  std::string client_id;
  Serial serial = Serial::none;
  std::vector<Subscription> subscriptions;
};
constexpr size_t grant_page_subscriptions = 1000;
struct Grant {
  std::string client_id;
  Serial serial = Serial::none;
  Term term = Term::none;
  bool session_present = false;
  std::vector<Subscription> subscriptions;  // the last page
  // QoS 2: packet identifiers that the publisher has not released; and those of them whose broker
  // died before it said Gone: not all direct targets may have these.
  std::vector<uint16_t> received = {};
  std::vector<uint16_t> unsettled = {};
};
struct Refused {
  std::string client_id;
  Serial serial = Serial::none;
  uint8_t reason = 0x88;
};
struct Evict {
  std::string client_id;
  Serial serial = Serial::none;
  uint8_t reason = 0x8E;
};
// The subscription is stored and bound at every broker (or its lease has ended).
struct SubscribeDone {
  std::string client_id;
  Term term = Term::none;
  uint64_t request = 0;
  std::vector<uint8_t> reasons;
};
struct InboxEntry {
  uint64_t number = 0;      // packet id = 1 + number mod 65,535
  bool redelivery = false;  // streamed out before under another term or incarnation: DUP
  Publication publication;  // qos is the effective one
  std::vector<uint32_t> identifiers;
  bool released = false;  // QoS 2: the device has received it: PUBREL goes out, not PUBLISH
};
// In order of the numbers. A claim that is confirmed after a start of global, and one that is
// granted under a new term, bring everything unacknowledged again: what this connection had is not
// sent twice, and what it has acknowledged is acknowledged again.
struct Deliver {
  std::string client_id;
  Term term = Term::none;
  std::vector<InboxEntry> entries;
};

// As a Deliver of plain packets with QoS 1 that go out for the first time, numbered one after the
// other. Their packet identifiers are the publishers'.
struct DeliverRun {
  std::string client_id;
  Term term = Term::none;
  uint64_t number = 0;  // of the first
  bool v5 = false;
  Slice packets;
};
void own(DeliverRun& run);

// QoS 2: it is stored that the device has received these; PUBREL may go out.
struct InboxReleased {
  std::string client_id;
  Term term = Term::none;
  std::vector<uint64_t> numbers;
};

// ---- leases (requests by talk) ----------------------------------------------------------------

struct LeaseRequest {  // broker -> global
  uint64_t request = 0;
};
// global -> broker (Stream): counts from when the request was sent. On the stream, so that a broker
// whose lease had ended hears first who was evicted meanwhile.
struct LeaseGrant {
  uint64_t request = 0;
  Term term = Term::none;
};
// global -> broker: your incarnation was judged dead; take a new one. Of its stream everything up
// to `taken` is stored, and nothing behind it ever will be.
struct Deposed {
  uint64_t taken = 0;
};

// ---- replicas: query <-> global
// ---------------------------------------------------------------------

struct ReplicaAsk {  // query -> global (talk): repeated until answered
  uint64_t request = 0;
  Position have;                // {0, 0}: nothing
  std::vector<uint16_t> slots;  // empty: all; broker and user rows come always
};
// global -> query (bulk): rows in pages; the last one makes the snapshot valid at `at`.
struct SnapshotPage {
  uint64_t request = 0;
  Position at;
  uint32_t page = 0;
  bool last = false;
  std::vector<LogEntry> entries;
};
// global -> query (bulk): entries in order. `resumed` answers a ReplicaAsk that needs no snapshot.
// Each message that brings a replica forward (last SnapshotPage, Delta, LogHeartbeat) ends at some
// position: everything of its slots up to there is in it or was sent before. `at` is where this one
// ends, `previous` where the one before it did (of a `resumed` one: where the replica was). So each
// delta proves continuity by itself; without them (0) that waits for the next heartbeat.
struct Delta {
  uint64_t request = 0;
  uint64_t era = 0;
  bool resumed = false;
  std::vector<LogEntry> entries;
  uint64_t previous = 0;
  uint64_t at = 0;
};
// global -> query (bulk, after what it numbers), each heartbeat interval and after a snapshot. It
// lists all slots of this replica (broker_slot and user_slot too): one that does not proves
// nothing.
struct LogHeartbeat {
  Position at;
  std::vector<std::pair<uint16_t, uint64_t>> slots;  // slot, number of its newest entry
};

// ---- watches: broker <-> query (Stream)
// -------------------------------------------------------------

// Rows of one watch: pages of `present`, `snapshot_end`, then changes. WatchOpen brings the first
// page, each WatchMore one more. With `resume`, if the query server's log still covers it: changes
// only. `reset`: forget the rows; present pages follow from the start, the first one unasked.
// Refused, also later (a bad condition, too many watches, slots that the server does not hold or no
// longer): snapshot_end at position {0, 0}, and the watch is closed.

struct WatchOpen {
  uint64_t watch = 0;
  std::vector<Condition> where;
  std::optional<Position> resume;
  std::vector<uint16_t> slots;
};
struct WatchMore {  // pull the next snapshot page
  uint64_t watch = 0;
};
struct WatchClose {
  uint64_t watch = 0;
};
enum class WatchKind : uint8_t { present = 0, snapshot_end = 1, change = 2, reset = 3 };
struct WatchRows {
  uint64_t watch = 0;
  WatchKind kind = WatchKind::change;
  Position at;
  // change: a row that no longer matches comes too, with its new state
  std::vector<AnswerRow> rows;
  std::vector<uint64_t> numbers;  // change: of each row, its place in the log
};

// ---- queries and the directory (talk)
// -------------------------------------------------------------------

struct AskTask {  // asker -> query; query -> control (excess); control -> query
  Task task;
};
struct TaskAnswer {  // whoever ran or refused it -> asker
  Answer answer;
};
struct Load {                    // query -> control
  uint32_t units = 0;            // queued and running
  uint32_t threshold = 0;        // 0: too far behind, out of the pool
  std::vector<uint32_t> queued;  // by priority
  std::vector<uint32_t> credit;  // tasks it would take from control, by priority
  uint32_t workers = 0;
  Position at;
  uint64_t received = 0;  // redirected tasks received from control so far: settles credit in flight
};
struct Directory {  // control -> all
  uint64_t version = 0;
  std::vector<NodeInfo> nodes;
  uint8_t replicas = 2;
  // slot s is held by the query nodes names[holders[s * replicas + i]]; 255: none
  std::vector<std::string> names;
  std::vector<uint8_t> holders;
};

using Message =
    std::variant<Publish, Routes, RoutesTaken, Claim, ClaimsBegin, ClaimsEnd, Gone,
                 SubscribeSession, UnsubscribeSession, InboxAck, SetInfo, Grant, Refused, Evict,
                 SubscribeDone, Deliver, LeaseRequest, LeaseGrant, Deposed, ReplicaAsk,
                 SnapshotPage, Delta, LogHeartbeat, WatchOpen, WatchMore, WatchClose, WatchRows,
                 AskTask, TaskAnswer, Load, Directory, PublishReleased, InboxReleased, Retained,
                 RetainedSync, RetainedSynced, GrantPage, PublishRun, DeliverRun>;

}  // namespace muster::wire
