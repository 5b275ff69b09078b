#pragma once
// Wills under way: stored with the brokers that must still take them, streamed to each, sent again
// after a restart of global, gone when each has taken it or is dead. Together with the number that
// brokers look at (wire::Publish) this makes it exactly once. Owned by Global, one thread.

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "global/brokers.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"

namespace muster::global {

class Publications {
 public:
  Publications(Ledger& ledger, Log& log, Brokers& brokers)
      : ledger_(ledger), log_(log), brokers_(brokers) {}

  bool load(uint64_t number, BytesView value);
  void start();

  // To every broker that lives now.
  void publish(const wire::Publication& publication);
  // For groups (core/wire/groups.hpp): to one of them, and to another if that one dies before.
  void route(const wire::Publication& publication, const std::string& share, wire::ShareWay way);

  // Our stream to this broker begins anew.
  void greet(const Broker& broker);
  void died(Incarnation incarnation);
  void acknowledged(Incarnation incarnation, uint64_t stream_number);
  void stored(uint64_t commit) { stored_ = commit; }
  // Ends the turn: streams what is stored, as far as there is credit. What has expired while it
  // waited for a broker is not sent to it (3.3.2-5).
  void pump(Now now, wire::Links& links);

  size_t size() const { return all_.size(); }

 private:
  struct Pending {
    wire::Publication publication;
    std::set<Incarnation> brokers;  // that have not taken it
    uint64_t commit = 0;            // that stores it
    std::string share = {};
    wire::ShareWay way = wire::ShareWay::none;
  };
  struct Way {                                             // to one broker
    std::deque<uint64_t> waiting;                          // publications, by number
    std::deque<std::pair<uint64_t, uint64_t>> on_the_way;  // stream number, publication
  };
  void taken(uint64_t number, Incarnation incarnation);
  void keep(uint64_t number, const Pending& pending);
  void reroute(uint64_t number, Pending& pending);

  Ledger& ledger_;
  Log& log_;
  Brokers& brokers_;
  uint64_t stored_ = 0;  // commits up to here are
  std::map<uint64_t, Pending> all_;
  std::map<Incarnation, Way> ways_;
};

}  // namespace muster::global
