#pragma once
// Retained messages (design.md section 4): global stores the newest of each topic, in the order of
// its log, and keeps a copy at every broker: a snapshot at each beginning of its stream, then each
// change in order, once it is stored. A broker that has no credit for a change gets a snapshot
// later. One page of a snapshot is on its way at a time, so that deliveries are not held up. Owned
// by Global, one thread.
//
// Bounds: retained_max topics, retained_max_bytes together; what is over them is not retained, and
// what its topic had before is gone too.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "global/brokers.hpp"
#include "global/deadlines.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"
#include "global/options.hpp"

namespace muster::global {

class Retained {
 public:
  Retained(const Options& options, Ledger& ledger, Log& log, Brokers& brokers)
      : options_(options), ledger_(ledger), log_(log), brokers_(brokers) {}

  // ---- at start
  bool load(const std::string& topic, BytesView value);
  void load_counter(Incarnation broker, uint64_t counter);
  // It says so itself: under the incarnation that it had before it was judged dead.
  void taken_before(Incarnation broker, uint64_t counter);
  void start(Now now);

  // Stores it. An empty payload clears the topic, as does a message that has expired on its way.
  // `counter`: Publish::retained of that broker; 0 and nobody for a will.
  void publish(Now now, const wire::Publication& publication, Incarnation origin, uint64_t counter);
  uint64_t counter(Incarnation broker) const;  // the newest that was taken from it

  // ---- the copies at the brokers
  void greet(const Broker& broker);  // our stream to it begins anew
  void died(Incarnation broker);
  void sync(const Broker& broker, const wire::RetainedSync& ask);
  void acknowledged(Incarnation broker, uint64_t stream_number);
  void settle(Now now);  // ends the turn: syncs that wait for nothing more go into the commit
  void release(Commit& commit, wire::Links& links);
  void pump(Now now, wire::Links& links);

  void tick(Now now);  // expiry
  Instant next_wake() const { return expiry_.next(); }

  // ---- reading: the topics behind `after` that `filter` matches, in order; looks at no more than
  // `most`. visit(publication) returns false to stop before it. Returns whether that was all;
  // `after` moves on.
  template <class Visit>
  bool scan(Now now, BytesView filter, std::string& after, size_t most, Visit&& visit) const;

  size_t size() const { return values_.size(); }
  uint64_t bytes() const { return bytes_; }
  uint64_t refused() const { return refused_; }
  uint64_t snapshots() const { return snapshots_; }

 private:
  struct Value {
    uint64_t number = 0;
    uint64_t commit = 0;     // that stores it
    int64_t expires_ms = 0;  // wall; 0: never
    int64_t published_ms = 0;
    Bytes data;  // payload, properties, publisher
    uint32_t payload = 0;
    uint32_t properties = 0;
    uint8_t qos = 0;
  };
  using Values = std::map<std::string, Value, std::less<>>;
  enum class Phase { none, behind, begin, pages, ending, live };
  struct Way {  // to one broker
    Phase phase = Phase::none;
    std::string after;
    uint64_t page = 0;              // stream number of the page on its way
    uint64_t omitted = 0;           // the end waits for this commit
    std::vector<uint64_t> answers;  // RetainedSynced owed
  };

  static wire::Publication publication_of(Now now, const std::string& topic, const Value& value);
  static Values::const_iterator next_of(const Values& values, BytesView prefix,
                                        const std::string& after);
  void keep(Now now, const wire::Publication& publication, uint64_t number);
  void write(const wire::Publication& publication, uint64_t number);
  void forget(Values::iterator at);
  void stream_changes(Way& way, const Broker& broker, const std::vector<wire::RetainedEntry>& all,
                      wire::Links& links);
  void pump(Now now, wire::Links& links, Way& way, const Broker& broker);
  bool send_page(Now now, wire::Links& links, Way& way, const Broker& broker);
  bool reached(Now now, const wire::RetainedSync& ask) const;

  const Options& options_;
  Ledger& ledger_;
  Log& log_;
  Brokers& brokers_;
  Values values_;
  Deadlines<std::string> expiry_;
  uint64_t bytes_ = 0;
  uint64_t stored_ = 0;      // commits up to here are
  uint64_t last_clear_ = 0;  // the commit with the newest clear
  std::map<Incarnation, uint64_t> counters_;
  std::map<Incarnation, uint64_t> stored_counters_;
  std::map<Incarnation, Way> ways_;
  std::map<Incarnation, wire::RetainedSync> waiting_;  // one each: a later one says more
  uint64_t refused_ = 0;
  uint64_t snapshots_ = 0;
};

}  // namespace muster::global

#include "global/retained_scan.hpp"
