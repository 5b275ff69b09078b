#pragma once
// Global's own routes: the filters with QoS > 0 of persistent sessions, announced to every broker
// on the stream that also carries everything else (protocol.md, Routes). A SUBSCRIBE of a
// persistent session is done when it is stored and each broker that holds a lease has taken the
// announcement. A broker whose stream is too long gets a snapshot later. Owned by Global, one
// thread.
//
// Numbers begin at era * 2^32, so that a RoutesTaken from before a restart of global counts for
// nothing after it.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "global/brokers.hpp"
#include "global/ledger.hpp"

namespace muster::global {

class Routes {
 public:
  Routes(Ledger& ledger, Brokers& brokers) : ledger_(ledger), brokers_(brokers) {}

  void start(uint64_t era) { number_ = era << 32; }
  void add(const std::string& filter);
  void remove(const std::string& filter);
  // The announcement that brokers must have taken to know this filter, or this group.
  uint64_t number_of(const std::string& filter) const;
  // How many members a group has now.
  void set_group(const wire::GroupRoute& route);

  // A broker whose stream begins: all routes first.
  void greet(Broker& broker);
  void taken(Broker& broker, uint64_t number);
  // Ends the turn: what changed goes into the open commit.
  void announce(const wire::Links& links);

  void wait(SubscribeWait subscribe) { waiting_.push_back(std::move(subscribe)); }
  // Those that wait for nobody any more.
  std::vector<SubscribeWait> settled(Now now);
  // One filter more would be too many for one announcement.
  bool full(const std::string& filter, size_t limit) const {
    if (filters_.contains(filter) || groups_.contains(filter)) return false;
    return filters_.size() >= limit || groups_.size() >= group_limit;
  }

 private:
  struct Filter {
    uint32_t sessions = 0;
    uint64_t number = 0;  // of its announcement
  };
  struct Group {
    wire::GroupRoute route;
    uint64_t number = 0;
  };
  static constexpr size_t group_limit = 65'536;  // a message's lists of structs are bounded
  void snapshot(Broker& broker);
  bool is_bound(Now now, uint64_t number) const;

  Ledger& ledger_;
  Brokers& brokers_;
  uint64_t number_ = 0;  // of the last announcement
  std::map<std::string, Filter> filters_;
  std::set<std::string> added_;  // not announced yet
  std::set<std::string> removed_;
  std::map<std::string, Group> groups_;
  std::map<std::string, wire::GroupRoute> changed_groups_;  // not announced yet
  bool awaited_ = false;          // somebody waits for the next announcement, be it empty
  std::set<Incarnation> behind_;  // brokers that wait for a snapshot
  std::deque<SubscribeWait> waiting_;
};

}  // namespace muster::global
