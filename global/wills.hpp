#pragma once
// Wills (protocol.md): registered with the claim of their connection, in the same batch; when the
// connection has ended removed, or published, or kept for their delay; each exactly once or not at
// all. Publication = one batch that removes the will, appends it to the inboxes and stores it as
// under way to the brokers. Owned by Global, one thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "global/connection.hpp"
#include "global/deadlines.hpp"
#include "global/ledger.hpp"
#include "global/retained.hpp"
#include "global/shares.hpp"

namespace muster::global {

// What became of the session of a connection that has ended.
struct Fate {
  enum Kind { over, detached, resumed } kind = over;
  uint32_t expiry_s = 0;  // detached: how long it lives
};

class Wills {
 public:
  Wills(Ledger& ledger, Shares& shares, Retained& retained)
      : ledger_(ledger), shares_(shares), retained_(retained) {}

  bool load(const std::string& client_id, const Connection& connection, BytesView value);
  void start(Now now);

  // Of a live connection; claiming it again changes nothing.
  void add(const Connection& connection, const std::string& client_id, const wire::Will& will);
  void ended(Now now, const Connection& connection, wire::GoneReason reason, const Fate& fate);
  // The connection goes on under another incarnation of its broker, which has the will too.
  void moved(const Connection& connection);

  // What is published because its broker was lost stays as spent: should the broker go on, with the
  // same connection, its will is not published again. Until the broker has listed its connections.
  void spend(const Connection& connection, const std::string& client_id);
  bool is_spent(const Connection& connection) const;
  void forget_spent(Incarnation broker);
  // The session is taken up again, or is over, before the delay of its wills.
  void resumed(const std::string& client_id);
  // `last`: the connection that had it. If the end of that one is still to be heard of, its will
  // has nothing left to wait for then.
  void session_over(Now now, const std::string& client_id, const Connection& last);

  // Some connection of this incarnation that still has a will and has not ended.
  struct Open {
    Connection connection;
    std::string client_id;
  };
  std::vector<Open> open_of(Incarnation broker, size_t limit) const;

  void tick(Now now);
  Instant next_wake() const { return delays_.next(); }
  size_t size() const { return wills_.size() - spent_; }
  size_t delayed() const { return delays_.size(); }
  uint64_t published() const { return published_; }

 private:
  struct Registered {
    std::string client_id;
    wire::Will will;
    int64_t due_ms = 0;  // wall; 0: its connection has not ended
    bool lost = false;   // its broker was judged dead
    bool spent = false;  // it was published, then
  };
  using Delay = std::pair<std::string, Connection>;

  void put(const Connection& connection, const Registered& registered);
  void remove(Connection connection);
  void publish(Now now, const Connection& connection);
  std::vector<Connection> delayed_of(const std::string& client_id) const;

  Ledger& ledger_;
  Shares& shares_;
  Retained& retained_;
  std::map<Connection, Registered> wills_;
  std::map<std::string, std::vector<Connection>> delayed_;  // by client id
  Deadlines<Connection> delays_;
  size_t spent_ = 0;
  uint64_t published_ = 0;
};

}  // namespace muster::global
