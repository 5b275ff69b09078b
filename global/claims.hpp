#pragma once
// Who owns which device and session (protocol.md, Sessions and Presence): claims and goodbyes of
// connections. The younger connection wins, the other is evicted; a goodbye closes only its own
// connection; a persistent session is granted when its holder has let go or its holder's lease has
// ended. Owned by Global, one thread.
//
// Which of two connections is younger: at one broker by serial number, else by when they began.
// What was loaded at start is of no known age until its broker has claimed it again; until then, or
// until the lease ends, a claim of its session waits, and nobody is evicted.

#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "core/base/time.hpp"
#include "core/mqtt/reason.hpp"
#include "global/brokers.hpp"
#include "global/devices.hpp"
#include "global/ledger.hpp"
#include "global/options.hpp"
#include "global/sessions.hpp"
#include "global/wills.hpp"

namespace muster::global {

class Claims {
 public:
  Claims(const Options& options, Ledger& ledger, Brokers& brokers, Devices& devices,
         Sessions& sessions, Wills& wills)
      : options_(options),
        ledger_(ledger),
        brokers_(brokers),
        devices_(devices),
        sessions_(sessions),
        wills_(wills) {}

  // After everything was loaded: what an earlier start left unfinished.
  void start(Now now);

  void claim(Now now, Broker& broker, const wire::Claim& claim);
  void gone(Now now, Broker& broker, const wire::Gone& gone);
  void begin_list(Broker& broker);
  void end_list(Broker& broker);

  // Sessions held there may go to who waits for them.
  void lease_ended(Now now, Incarnation incarnation);
  // It is final: its rows turn offline, slice by slice.
  void died(Now now, Incarnation incarnation);
  void expire(Now now);

  bool has_work() const { return !dead_.empty() || !closing_.empty(); }
  void work(Now now);  // one slice: at most options.sweep_rows rows

  uint64_t claims() const { return claims_; }
  uint64_t evictions() const { return evictions_; }
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Incoming {  // a claim and what follows from it
    Broker& broker;
    const wire::Claim& claim;
    Connection connection;
    Instant began;
    Age age;
    bool spent;  // its will was published when its broker was judged dead
  };
  Incoming incoming(Broker& broker, const wire::Claim& claim) const;

  Age age_of(const Incoming& in, const Session* session) const;
  void claim_clean(Now now, const Incoming& in, Session* session);
  void claim_persistent(Now now, const Incoming& in, Session* session);
  void confirm(const Incoming& in, Session& session);
  void wait(Now now, const Incoming& in, Session& session);
  void hand_over(Now now, Session& session);
  void attach(Now now, const Incoming& in, Session& session, bool existed);
  void take_row(const Incoming& in);
  void keep_will(const Incoming& in);
  void grant(const Session& session);
  void evict(const std::string& client_id, const Connection& connection,
             mqtt::Reason reason = mqtt::Reason::session_taken_over);
  void lost(const Incoming& in);
  void drop_waiter(Session& session);
  void over(Now now, Session& session);
  void session_over(Now now, const std::string& client_id);
  void ended(Now now, const std::string& client_id, const Connection& connection,
             wire::GoneReason reason, int64_t at_ms, std::optional<uint32_t> expiry_s);
  void drop_waiters_of(Incarnation incarnation, const uint32_t* listing);
  void release_held_by(Now now, Incarnation incarnation);
  bool sweep(Now now, Incarnation incarnation, uint32_t& rows);
  bool close_unlisted(Now now, Incarnation incarnation, uint32_t& rows);

  const Options& options_;
  Ledger& ledger_;
  Brokers& brokers_;
  Devices& devices_;
  Sessions& sessions_;
  Wills& wills_;
  std::set<std::string> waiting_;    // client ids of sessions with a waiter
  std::deque<Incarnation> dead_;     // rows to turn offline
  std::deque<Incarnation> closing_;  // rows that a finished list did not name
  Instant all_heard_at_{};  // after a start: each broker has listed its connections, or is lost
  uint64_t claims_ = 0;
  uint64_t evictions_ = 0;
};

}  // namespace muster::global
