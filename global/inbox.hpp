#pragma once
// Inboxes (design.md section 6): every publication with QoS > 0 that a persistent session is to get
// passes through here, online or not. Numbered for each session, stored, then streamed to the
// broker that holds it, deleted when the device has acknowledged. Owned by Global, one thread.
//
// Window: at most Receive Maximum entries, and never numbers more than 65,534 apart, are streamed
// and not acknowledged, since the packet identifier is 1 + number mod 65,535. Beyond it, and while
// the broker's link has no credit, entries wait here. A full inbox refuses the new entry.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/base/time.hpp"
#include "core/mqtt/topic_tree.hpp"
#include "global/delivery.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"
#include "global/options.hpp"
#include "global/record.hpp"
#include "global/session.hpp"

namespace muster::global {

// What a session gets, or leaves to others, as a member of a group (shares.hpp).
struct SharedEntry {
  wire::Publication publication;
  std::string name;        // of the group
  int64_t expires_ms = 0;  // wall; 0: never
  uint8_t qos = 1;         // effective
  bool retain = false;
  std::vector<uint32_t> identifiers;
};

class Inboxes {
 public:
  using FindSession = std::function<Session*(uint64_t number)>;

  Inboxes(const Options& options, Ledger& ledger, Log& log)
      : options_(options), ledger_(ledger), log_(log) {}

  // ---- at start: bodies before entries, then loaded().
  bool load_body(uint64_t number, BytesView value);
  bool load_entry(Session& session, uint64_t number, BytesView value);
  bool load_released(const Session& session, uint64_t number);  // before the entries
  bool load_cursor(Session& session, BytesView value);
  void loaded();
  void loaded(Session& session);  // all of its records were loaded

  // ---- subscriptions: what is in the tree is the session's.
  void subscribe(Session& session, const wire::Subscription& subscription);
  void unsubscribe(Session& session, const std::string& filter);

  // Appends to the inbox of each session that wants it with QoS > 0.
  void publish(Now now, wire::Publication publication);
  // Each of a run's likewise; returns how many there are.
  uint32_t publish(Now now, const wire::PublishRun& publications);
  // A retained message for a new subscription of this session.
  void append_retained(Now now, Session& session, wire::Publication publication, uint8_t qos,
                       uint32_t identifier);
  // For groups (inbox_shares.cpp): one entry, if there is room for it.
  bool has_room(Now now, Session& session, size_t bytes);
  void give(Now now, Session& session, SharedEntry shared);
  void refuse(Session& session);
  std::vector<SharedEntry> shared_entries(const Session& session) const;
  // The device has these.
  void acknowledge(Session& session, const std::vector<uint64_t>& numbers);
  // QoS 2: the device has received these; what it has not completed is released when it comes
  // again.
  void release(Session& session, const std::vector<uint64_t>& numbers);
  // Everything goes; what the numbers were is forgotten.
  void clear(Session& session);

  // A new attachment: after the open commit everything is streamed from the oldest on.
  void attach(Session& session);
  void detach(Session& session);
  void stored(Session& session, const Wake& wake, uint64_t commit);

  // Ends the turn: streams what may be streamed.
  void pump(Now now, wire::Links& links, const FindSession& find);
  // The peer's link has credit again.
  void resume(const std::string& peer);

  uint64_t entries() const { return entries_; }
  uint64_t bytes() const { return bytes_; }
  size_t subscriptions() const { return tree_.size(); }
  uint64_t appended() const { return appended_; }
  uint64_t refused() const { return refused_; }
  uint64_t expired() const { return expired_; }

 private:
  struct Subscriber {  // a value in the tree
    Session* session = nullptr;
    uint32_t identifier = 0;
    uint8_t qos = 0;
    bool no_local = false;
    bool retain_as_published = false;
  };
  struct SubscriberSession {
    Session* operator()(const Subscriber& subscriber) const { return subscriber.session; }
  };
  struct Match {
    Session* session = nullptr;
    uint8_t qos = 0;
    bool retain = false;
    bool room = true;  // for the one that is being appended
    std::vector<uint32_t> identifiers = {};
    std::unique_ptr<std::string> share = {};
  };
  static constexpr size_t entry_overhead = 64;  // bytes of an entry beside its publication

  void collect(BytesView topic, BytesView publisher, uint8_t qos, bool retain);
  size_t find_room(Now now, size_t bytes);
  void spread(Now now, const LocalPtr<Body>& body, size_t receivers);
  bool has_room(Now now, Session& session, size_t bytes, size_t taken);
  void append(Now now, Match& match, const LocalPtr<Body>& body);
  void drop(Session& session, Entry& entry);
  void drop_expired(Now now, Session& session);
  void dropped(Session& session);
  void erase_entry(Session& session, uint64_t number);
  void end_run();
  void wake(Session& session);
  void touch(Session& session);
  void pump(Now now, wire::Links& links, Session& session);
  bool window_open(const Session& session, uint64_t number) const;
  void write_cursor(const Session& session);
  static BytesView entry_key(Session& session, uint64_t number);
  void write_entry(Session& session, const Entry& entry);

  const Options& options_;
  Ledger& ledger_;
  Log& log_;
  mqtt::TopicTree<Subscriber, SubscriberSession> tree_;
  std::map<uint64_t, LocalPtr<Body>> loading_;           // bodies, at start
  std::set<std::pair<std::string, uint64_t>> released_;  // client id, entry; at start
  std::vector<Match> matches_;                           // of one publication, or one run
  uint64_t match_ = 0;
  Writer record_;      // of the entry that is being written
  Delivery delivery_;  // that is being made
  struct Run {         // of entries that are erased together
    Session* session = nullptr;
    uint64_t first = 0;
    uint32_t count = 0;
  } run_;
  std::vector<uint64_t> dirty_;
  std::map<std::string, std::set<uint64_t>> stalled_;  // by peer: sessions without credit
  uint64_t entries_ = 0;
  uint64_t bytes_ = 0;
  uint64_t appended_ = 0;
  uint64_t refused_ = 0;
  uint64_t expired_ = 0;
};

}  // namespace muster::global
