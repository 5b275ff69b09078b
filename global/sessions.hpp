#pragma once
// The table of persistent sessions: made, stored, subscribed, held, let go, expired. Who may hold
// one is decided by claims.hpp. Terms are numbers of the log, so they rise over restarts. Owned by
// Global, one thread.

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/time.hpp"
#include "global/brokers.hpp"
#include "global/deadlines.hpp"
#include "global/inbox.hpp"
#include "global/ledger.hpp"
#include "global/options.hpp"
#include "global/retained_jobs.hpp"
#include "global/routes.hpp"
#include "global/session.hpp"
#include "global/shares.hpp"

namespace muster::global {

class Sessions {
 public:
  Sessions(const Options& options, Ledger& ledger, Inboxes& inboxes, Routes& routes, Shares& shares,
           RetainedJobs& retained)
      : options_(options),
        ledger_(ledger),
        inboxes_(inboxes),
        routes_(routes),
        shares_(shares),
        retained_(retained) {}

  bool load(const std::string& client_id, BytesView value);
  bool load_received(const std::string& client_id, uint16_t packet_id, BytesView value);
  bool load_subscription(const std::string& client_id, const std::string& filter, BytesView value);
  void start(Now now);

  Session* find(BytesView client_id);
  Session* find(uint64_t number);
  std::map<std::string, Session, std::less<>>& all() { return sessions_; }
  bool full() const { return sessions_.size() >= options_.max_sessions; }

  Session& create(const std::string& client_id);
  // Everything of it goes; `session` dies.
  void drop(Session& session);
  // Clean Start: what it kept goes, the session stays.
  void wipe(Session& session);
  // Of a damaged session: it is whole again without them.
  void forget_subscriptions(Session& session);

  void hold(Session& session, Hold hold);
  // Nobody holds it now. It expires unless it is taken up in time.
  void detach(Now now, Session& session);
  // The deliveries of its attachment begin anew, in the open commit.
  void restart_deliveries(Session& session, uint32_t streams);

  // `from`: the connection's broker. Answers with SubscribeDone when stored and bound. False:
  // stale.
  bool subscribe(Incarnation from, const wire::SubscribeSession& subscribe);
  bool unsubscribe(Incarnation from, const wire::UnsubscribeSession& unsubscribe);
  bool acknowledge(Incarnation from, const wire::InboxAck& ack);

  // QoS 2 of a persistent publisher (sessions_qos2.cpp). False: it came before, or is of a former
  // connection; it goes nowhere. `newest`: the term of the publisher's last connection.
  bool receive(const wire::Publish& publish, Term newest);
  bool release(const wire::PublishReleased& release);  // false: stale
  // Its connection has said Gone: every target has taken what came under it.
  void settle(Session& session);
  static void fill(const Session& session, wire::Grant& grant);

  // Client ids of sessions that are over by now.
  std::vector<std::string> expired(Now now);
  Instant next_wake() const { return expiry_.next(); }

  size_t size() const { return sessions_.size(); }
  size_t held() const { return held_; }

 private:
  Session* held_by(Incarnation from, const std::string& client_id, Term term);
  void put(const Session& session);
  void put_received(const Session& session, uint16_t packet_id);
  void forget_received(Session& session);
  void judge(Session& session);
  void remove_subscription(Session& session, const std::string& filter);
  // In the machines that match; `present`: what it replaces.
  void bind(Session& session, const wire::Subscription& subscription,
            const wire::Subscription* present);
  void unbind(Session& session, const wire::Subscription& subscription);
  uint8_t add_subscription(Session& session, const wire::Subscription& subscription,
                           SubscribeWait& wait);

  const Options& options_;
  Ledger& ledger_;
  Inboxes& inboxes_;
  Routes& routes_;
  Shares& shares_;
  RetainedJobs& retained_;
  uint64_t next_number_ = 1;
  std::map<std::string, Session, std::less<>> sessions_;
  std::unordered_map<uint64_t, Session*> by_number_;
  Deadlines<std::string> expiry_;
  size_t held_ = 0;
  size_t damaged_ = 0;  // found at start
};

}  // namespace muster::global
