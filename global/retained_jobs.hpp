#pragma once
// Retained messages for persistent sessions: what a new subscription matches is appended to the
// session's inbox, in slices, since packet identifiers come from there. How far a subscription has
// come is stored with the entries, so that it goes on after a restart and appends nothing twice. A
// job waits while it has filled half of an inbox, so that live messages have room. Only what is
// delivered with QoS > 0: the rest is read at the broker. Owned by Global, one thread.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/base/time.hpp"
#include "global/inbox.hpp"
#include "global/ledger.hpp"
#include "global/options.hpp"
#include "global/retained.hpp"
#include "global/session.hpp"

namespace muster::global {

class RetainedJobs {
 public:
  using FindSession = std::function<Session*(const std::string& client_id)>;

  RetainedJobs(const Options& options, Ledger& ledger, Inboxes& inboxes, const Retained& retained)
      : options_(options), ledger_(ledger), inboxes_(inboxes), retained_(retained) {}

  void load(const std::string& client_id, const std::string& filter, BytesView after);

  // A subscription is stored; `is_new`: there was none with this filter.
  void subscribed(const Session& session, const wire::Subscription& subscription, bool is_new);
  void unsubscribed(const Session& session, const std::string& filter);
  // The session has acknowledged something: there may be room.
  void resume(const std::string& client_id);

  bool has_work() const { return !runnable_.empty(); }
  void work(Now now, const FindSession& find);  // one slice
  size_t size() const { return jobs_.size(); }

 private:
  using Key = std::pair<std::string, std::string>;  // client id, filter
  bool has_room(const Session& session) const;
  void slice(Now now, Session& session, const wire::Subscription& subscription, const Key& key);
  void finish(const Key& key);

  const Options& options_;
  Ledger& ledger_;
  Inboxes& inboxes_;
  const Retained& retained_;
  std::map<Key, std::string> jobs_;  // the topic up to which it has come
  std::set<Key> runnable_;
};

}  // namespace muster::global
