#pragma once
// A persistent session as global keeps it: who holds it, who waits for it, its subscriptions, its
// inbox. Plain values, owned by Sessions; the machines are sessions.hpp, claims.hpp, inbox.hpp.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "global/body.hpp"
#include "global/connection.hpp"

namespace muster::global {

struct Entry {
  uint64_t number = 0;
  LocalPtr<Body> body;
  int64_t expires_ms = 0;  // wall; 0: never
  uint8_t qos = 1;         // effective
  bool retain = false;     // effective
  bool streamed = false;   // to some broker, sometime: comes again with `redelivery`
  bool released = false;   // QoS 2: the device has received it, PUBREL comes instead
  bool gone = false;       // acknowledged or expired, waiting for those before it
  std::vector<uint32_t> identifiers;
  std::unique_ptr<std::string> share;  // as a member of this group (shares.hpp)
};

struct Inbox {
  std::deque<Entry> entries;  // by number, mostly without gaps
  std::deque<Entry>::iterator at_or_after(uint64_t number);
  uint64_t next = 1;  // number of the next entry; never used twice in a session
  size_t count = 0;   // without those that are gone
  uint64_t bytes = 0;
  uint64_t refused = 0;  // full
  Bytes entry_key;       // keys::entry() of the number that was wanted last

  uint64_t stored_to = 0;    // entries up to here are stored
  uint64_t streamed_to = 0;  // the highest number that was streamed in any attachment
  // In the present attachment:
  bool streaming = false;
  uint64_t next_out = 0;   // what comes next to the broker
  uint32_t in_flight = 0;  // streamed, not acknowledged

  int64_t earliest_expiry_ms = INT64_MAX;  // no entry expires before; wall
  uint64_t wake_commit = 0;                // its place in that commit's wakes
  size_t wake_index = 0;
  uint64_t match = 0;  // its place among the receivers of that publication
  size_t match_index = 0;
  bool dirty = false;  // will be pumped at the end of the turn
};

struct Hold {
  Connection connection;
  std::string peer;
  Term term = Term::none;
  bool present = false;  // there was a session before
  Instant began{};       // known once its broker has claimed it in this process
  uint64_t commit = 0;   // that stores it
  uint32_t streams = 0;  // Broker::streams when its deliveries began
  bool evicted = false;  // it was told to let go
};

struct Waiter {
  Connection connection;
  uint32_t listing = 0;  // the broker's list that named it last
  Instant began{};
  wire::Claim claim;
  bool spent = false;  // its will was published already
};

struct Session {
  uint64_t number = 0;  // in this process
  std::string client_id;
  uint32_t expiry_s = 0;  // wire::no_expiry: for ever
  uint16_t receive_maximum = 65535;
  Term term = Term::none;   // the last one granted
  Term since = Term::none;  // the first one of the connection that had it last
  int64_t detached_ms = 0;  // wall; while nobody holds it
  std::optional<Hold> hold;
  std::optional<Waiter> waiter;
  std::map<std::string, wire::Subscription, std::less<>> subscriptions;
  uint64_t digest = 0;  // sum over the subscriptions; stored, so that missing ones are noticed
  // QoS 2: packet identifiers that its device has published under and not released, with the term
  // of the PUBLISH; none: every target has it.
  std::map<uint16_t, Term> received;
  // Some of its subscriptions were lost with a damaged store: whoever takes it up is told that
  // there is no session, and subscribes again.
  bool damaged = false;
  Inbox inbox;
};

}  // namespace muster::global
