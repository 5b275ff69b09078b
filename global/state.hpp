#pragma once
// Global's machines put together: events are handed to the machine that they concern, commits are
// carried out when they are stored. Behind global.hpp; owned by Global, one thread.

#include <cstdint>

#include "core/wire/links.hpp"
#include "global/brokers.hpp"
#include "global/claims.hpp"
#include "global/devices.hpp"
#include "global/global.hpp"
#include "global/inbox.hpp"
#include "global/keys.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"
#include "global/publications.hpp"
#include "global/replicas.hpp"
#include "global/retained.hpp"
#include "global/retained_jobs.hpp"
#include "global/routes.hpp"
#include "global/sessions.hpp"
#include "global/shares.hpp"
#include "global/users.hpp"
#include "global/wills.hpp"

namespace muster::global {

struct Global::State {
  State(Options opts, wire::NodeInfo self, Recovered found);

  // state.cpp
  void start(Now now);
  void tick(Now now);
  Instant next_wake() const;
  void finish_turn(Now now);
  void release(Now now, Commit commit);
  Stats stats() const;

  // state_events.cpp
  void handle_events(Now now);
  void up(Now now, const wire::PeerUp& event);
  void received(Now now, wire::Received& event);
  void from_broker(Now now, Broker& broker, wire::Message& message);
  void hello(Now now, const wire::PeerUp& event);
  void died(Now now, Incarnation incarnation);
  void depose(const Broker& broker);
  void learn(Now now, const wire::Directory& directory);
  void settle_subscriptions(Now now);

  // state_load.cpp
  void load(const store::Record& record, int phase);
  bool load(const store::Record& record, const keys::Parsed& key);

  Options options;
  wire::Links links;
  Ledger ledger;
  Log log;
  Brokers brokers;
  Devices devices;
  Users users;
  Routes routes;
  Inboxes inboxes;
  Publications publications;
  Shares shares;
  Retained retained;
  RetainedJobs retained_jobs;
  Wills wills;
  Sessions sessions;
  Claims claims;
  Replicas replicas;

  Recovered recovered;  // until start()
  bool started = false;
  bool opened = false;  // the new era is stored
  uint64_t published = 0;
  uint64_t stale = 0;
  uint64_t unreadable = 0;
  uint64_t batches = 0;
};

}  // namespace muster::global
