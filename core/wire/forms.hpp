#pragma once
// The form of everything that travels or is stored: one place per struct that names its fields, in
// order, for encoder and decoder alike. Inside core/wire only. A struct is an array of its fields;
// an alternative of a variant (a message, a row) has its type number in front. New fields go to the
// end, with a default that means what their absence meant. Type numbers are never used twice.

#include <cstdint>

#include "core/wire/messages.hpp"

namespace muster::wire {

// A string that is not text: `bin` instead of `str`.
template <class S>
struct Binary {
  S& bytes;
};
template <class S>
Binary<S> binary(S& bytes) {
  return {bytes};
}

// Of an inbox: written as it came while that is allowed (Publication::Encoded).
template <class P>
struct AsItCame {
  P& publication;
};
template <class P>
AsItCame<P> as_it_came(P& publication) {
  return {publication};
}

// Fields behind it have zero or nothing as their default: those at the end that hold it are not
// written. For what is sent with every message.
struct Trailing {};
inline constexpr Trailing trailing;

template <class T>
struct Form;

// The highest known enumerator; greater values are refused.
template <class E>
constexpr E highest = E{static_cast<std::underlying_type_t<E>>(-1)};
template <>
inline constexpr Role highest<Role> = Role::broker;
template <>
inline constexpr BrokerState highest<BrokerState> = BrokerState::dead;
template <>
inline constexpr Status highest<Status> = Status::unknown;
template <>
inline constexpr GoneReason highest<GoneReason> = GoneReason::not_listed;
template <>
inline constexpr Priority highest<Priority> = Priority::urgent;
template <>
inline constexpr Compare highest<Compare> = Compare::prefix;
template <>
inline constexpr QueryKind highest<QueryKind> = QueryKind::count;
template <>
inline constexpr Outcome highest<Outcome> = Outcome::forbidden;
template <>
inline constexpr WatchKind highest<WatchKind> = WatchKind::reset;
template <>
inline constexpr RetainedKind highest<RetainedKind> = RetainedKind::change;
template <>
inline constexpr ShareWay highest<ShareWay> = ShareWay::others;
template <>
inline constexpr Durability highest<Durability> = Durability::power;

// ---- parts ------------------------------------------------------------------------------------

template <>
struct Form<Position> {
  static void visit(auto& v, auto& p) { v(p.era, p.number); }
};
template <>
struct Form<NodeInfo> {
  static void visit(auto& v, auto& n) { v(n.name, n.role, n.incarnation, n.talk, n.bulk); }
};
template <>
struct Form<Publication> {
  static void visit(auto& v, auto& p) {
    v(p.topic, binary(p.payload), binary(p.properties), p.qos, p.retain, p.expiry_s, p.publisher,
      p.published_ms, trailing, p.durability);
  }
};
template <>
struct Form<GroupRoute> {
  static void visit(auto& v, auto& g) { v(g.name, g.members, g.members_qos0, g.away); }
};
template <>
struct Form<Will> {
  static void visit(auto& v, auto& w) { v(w.publication, w.delay_s); }
};
template <>
struct Form<Subscription> {
  static void visit(auto& v, auto& s) {
    v(s.filter, s.qos, s.no_local, s.retain_as_published, s.retain_handling, s.identifier);
  }
};
template <>
struct Form<InboxEntry> {
  static void visit(auto& v, auto& e) {
    v(e.number, e.redelivery, as_it_came(e.publication), trailing, e.identifiers, e.released);
  }
};
template <>
struct Form<RetainedEntry> {
  static void visit(auto& v, auto& e) { v(e.number, e.publication, e.origin, e.counter); }
};
template <>
struct Form<Condition> {
  static void visit(auto& v, auto& c) { v(c.field, c.compare, c.value); }
};
template <>
struct Form<Query> {
  static void visit(auto& v, auto& q) {
    v(q.kind, q.devices, q.where, q.limit, q.after, q.now_ms, q.slots);
  }
};
template <>
struct Form<AnswerRow> {
  static void visit(auto& v, auto& r) { v(r.device, r.status, r.attributes, r.number); }
};
template <>
struct Form<TaskId> {
  static void visit(auto& v, auto& t) { v(t.asker, t.number); }
};
template <>
struct Form<Task> {
  static void visit(auto& v, auto& t) {
    v(t.id, t.asker, t.priority, t.deadline_us, t.redirected, t.query);
  }
};
template <>
struct Form<Answer> {
  static void visit(auto& v, auto& a) {
    v(a.id, a.outcome, a.text, a.retry_after_ms, a.rows, a.count, a.next, a.as_of, a.lag_us,
      a.server, a.redirected, a.answered, a.asked);
  }
};
template <>
struct Form<LogEntry> {
  static void visit(auto& v, auto& e) { v(e.number, e.previous, e.slot, e.row); }
};

// ---- rows (also the store's format) -------------------------------------------------------------

template <>
struct Form<DeviceRow> {
  static constexpr uint8_t type = 1;
  static void visit(auto& v, auto& r) {
    v(r.device, r.user, r.connected, r.broker, r.broker_name, r.serial, r.term, r.address,
      r.protocol, r.keep_alive_s, r.persistent, r.since_ms, r.last_seen_ms, r.why);
  }
};
template <>
struct Form<DeviceErased> {
  static constexpr uint8_t type = 2;
  static void visit(auto& v, auto& r) { v(r.device); }
};
template <>
struct Form<UserRow> {
  static constexpr uint8_t type = 3;
  static void visit(auto& v, auto& r) { v(r.user, r.attributes); }
};
template <>
struct Form<BrokerRow> {
  static constexpr uint8_t type = 4;
  static void visit(auto& v, auto& r) { v(r.name, r.incarnation, r.state, r.since_ms); }
};

// ---- application messages
// -------------------------------------------------------------------------

template <>
struct Form<Publish> {
  static constexpr uint8_t type = 1;
  static void visit(auto& v, auto& m) {
    v(m.publication, trailing, m.will, m.term, m.packet_id, m.retained, binary(m.share), m.way);
  }
};
template <>
struct Form<Routes> {
  static constexpr uint8_t type = 2;
  static void visit(auto& v, auto& m) { v(m.number, m.snapshot, m.added, m.removed, m.groups); }
};
template <>
struct Form<RoutesTaken> {
  static constexpr uint8_t type = 3;
  static void visit(auto& v, auto& m) { v(m.number, m.retained); }
};
template <>
struct Form<Retained> {
  static constexpr uint8_t type = 4;
  static void visit(auto& v, auto& m) { v(m.kind, m.entries, m.counter); }
};
template <>
struct Form<PublishRun> {
  static constexpr uint8_t type = 7;
  static void visit(auto& v, auto& m) {
    v(binary(m.packets), m.v5, m.publisher, m.published_ms, trailing, m.durability);
  }
};
template <>
struct Form<RetainedSync> {
  static constexpr uint8_t type = 5;
  static void visit(auto& v, auto& m) { v(m.request, m.marks); }
};
template <>
struct Form<RetainedSynced> {
  static constexpr uint8_t type = 6;
  static void visit(auto& v, auto& m) { v(m.request); }
};

// ---- sessions and presence
// ------------------------------------------------------------------------

template <>
struct Form<Claim> {
  static constexpr uint8_t type = 10;
  static void visit(auto& v, auto& m) {
    v(m.client_id, m.user, m.serial, m.term, m.connected_us, m.persistent, m.clean_start,
      m.session_expiry_s, m.receive_maximum, m.keep_alive_s, m.protocol, m.address, m.since_ms,
      m.will);
  }
};
template <>
struct Form<ClaimsBegin> {
  static constexpr uint8_t type = 11;
  static void visit(auto& v, auto& m) { v(m.retained); }
};
template <>
struct Form<ClaimsEnd> {
  static constexpr uint8_t type = 12;
  static void visit(auto& v, auto&) { v(); }
};
template <>
struct Form<Gone> {
  static constexpr uint8_t type = 13;
  static void visit(auto& v, auto& m) {
    v(m.client_id, m.serial, m.term, m.reason, m.at_ms, m.session_expiry_s, m.unsettled);
  }
};
template <>
struct Form<SubscribeSession> {
  static constexpr uint8_t type = 14;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.request, m.subscriptions); }
};
template <>
struct Form<UnsubscribeSession> {
  static constexpr uint8_t type = 15;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.request, m.filters); }
};
template <>
struct Form<InboxAck> {
  static constexpr uint8_t type = 16;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.numbers, m.received); }
};
template <>
struct Form<SetInfo> {
  static constexpr uint8_t type = 17;
  static void visit(auto& v, auto& m) { v(m.user, m.attributes); }
};
template <>
struct Form<PublishReleased> {
  static constexpr uint8_t type = 18;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.packet_id); }
};
template <>
struct Form<Grant> {
  static constexpr uint8_t type = 20;
  static void visit(auto& v, auto& m) {
    v(m.client_id, m.serial, m.term, m.session_present, m.subscriptions, m.received, m.unsettled);
  }
};
template <>
struct Form<Refused> {
  static constexpr uint8_t type = 21;
  static void visit(auto& v, auto& m) { v(m.client_id, m.serial, m.reason); }
};
template <>
struct Form<Evict> {
  static constexpr uint8_t type = 22;
  static void visit(auto& v, auto& m) { v(m.client_id, m.serial, m.reason); }
};
template <>
struct Form<SubscribeDone> {
  static constexpr uint8_t type = 23;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.request, m.reasons); }
};
template <>
struct Form<Deliver> {
  static constexpr uint8_t type = 24;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.entries); }
};

template <>
struct Form<InboxReleased> {
  static constexpr uint8_t type = 25;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.numbers); }
};
template <>
struct Form<GrantPage> {
  static constexpr uint8_t type = 26;
  static void visit(auto& v, auto& m) { v(m.client_id, m.serial, m.subscriptions); }
};
template <>
struct Form<DeliverRun> {
  static constexpr uint8_t type = 27;
  static void visit(auto& v, auto& m) { v(m.client_id, m.term, m.number, m.v5, binary(m.packets)); }
};

// ---- leases
// ---------------------------------------------------------------------------------------

template <>
struct Form<LeaseRequest> {
  static constexpr uint8_t type = 30;
  static void visit(auto& v, auto& m) { v(m.request); }
};
template <>
struct Form<LeaseGrant> {
  static constexpr uint8_t type = 31;
  static void visit(auto& v, auto& m) { v(m.request, m.term); }
};
template <>
struct Form<Deposed> {
  static constexpr uint8_t type = 32;
  static void visit(auto& v, auto& m) { v(m.taken); }
};

// ---- replicas and watches
// -------------------------------------------------------------------------

template <>
struct Form<ReplicaAsk> {
  static constexpr uint8_t type = 40;
  static void visit(auto& v, auto& m) { v(m.request, m.have, m.slots); }
};
template <>
struct Form<SnapshotPage> {
  static constexpr uint8_t type = 41;
  static void visit(auto& v, auto& m) { v(m.request, m.at, m.page, m.last, m.entries); }
};
template <>
struct Form<Delta> {
  static constexpr uint8_t type = 42;
  static void visit(auto& v, auto& m) { visit(v, m, m.entries); }
  static void visit(auto& v, auto& m, auto& entries) {
    v(m.request, m.era, m.resumed, entries, m.previous, m.at);
  }
};
template <>
struct Form<LogHeartbeat> {
  static constexpr uint8_t type = 43;
  static void visit(auto& v, auto& m) { v(m.at, m.slots); }
};
template <>
struct Form<WatchOpen> {
  static constexpr uint8_t type = 50;
  static void visit(auto& v, auto& m) { v(m.watch, m.where, m.resume, m.slots); }
};
template <>
struct Form<WatchMore> {
  static constexpr uint8_t type = 51;
  static void visit(auto& v, auto& m) { v(m.watch); }
};
template <>
struct Form<WatchClose> {
  static constexpr uint8_t type = 52;
  static void visit(auto& v, auto& m) { v(m.watch); }
};
template <>
struct Form<WatchRows> {
  static constexpr uint8_t type = 53;
  static void visit(auto& v, auto& m) { v(m.watch, m.kind, m.at, m.rows, m.numbers); }
};

// ---- queries and the directory
// --------------------------------------------------------------------

template <>
struct Form<AskTask> {
  static constexpr uint8_t type = 60;
  static void visit(auto& v, auto& m) { v(m.task); }
};
template <>
struct Form<TaskAnswer> {
  static constexpr uint8_t type = 61;
  static void visit(auto& v, auto& m) { v(m.answer); }
};
template <>
struct Form<Load> {
  static constexpr uint8_t type = 62;
  static void visit(auto& v, auto& m) {
    v(m.units, m.threshold, m.queued, m.credit, m.workers, m.at, m.received);
  }
};
template <>
struct Form<Directory> {
  static constexpr uint8_t type = 63;
  static void visit(auto& v, auto& m) {
    v(m.version, m.nodes, m.replicas, m.names, binary(m.holders));
  }
};

}  // namespace muster::wire
