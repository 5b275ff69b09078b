#pragma once
// The query servers that follow the log (design.md section 3, Replica): each gets deltas of its
// slots after they are stored, and resumes from the ring or gets a snapshot, page by page, one a
// slice. All of it is unnumbered: a replica that misses something sees it in `previous` or in a
// heartbeat and asks again. Owned by Global, one thread.
//
// A snapshot is valid at its last page: rows that changed while it was under way come again at its
// end, as the entries of the log.

#include <bitset>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "global/brokers.hpp"
#include "global/devices.hpp"
#include "global/log.hpp"
#include "global/options.hpp"
#include "global/users.hpp"

namespace muster::global {

class Replicas {
 public:
  Replicas(const Options& options, const Log& log, const Devices& devices, const Users& users,
           const Brokers& brokers)
      : options_(options), log_(log), devices_(devices), users_(users), brokers_(brokers) {}

  void ask(Now now, const std::string& peer, const wire::ReplicaAsk& ask, wire::Links& links);
  void gone(const std::string& peer) { replicas_.erase(peer); }

  // What was stored since the last call, to everybody who is up to date.
  void send_deltas(wire::Links& links);
  void tick(Now now, wire::Links& links);  // heartbeats
  Instant next_wake() const { return replicas_.empty() ? never : next_heartbeat_; }

  bool has_work() const;
  void work(Now now, wire::Links& links);  // one page for each snapshot

  uint64_t snapshots() const { return snapshots_; }
  uint64_t resumes() const { return resumes_; }

 private:
  enum class Phase { brokers, users, devices, erased, changes, done };
  struct Replica {
    uint64_t request = 0;
    Instant answered{};  // when the answer was complete
    std::bitset<wire::log_slot_count> slots;
    Phase phase = Phase::done;
    uint64_t sent = 0;     // entries up to here were sent, or were there when the snapshot began
    uint64_t omitted = 0;  // a row that was not stored when its place in the snapshot came
    uint64_t told = 0;     // where the last message that it got ended
    uint32_t page = 0;
    uint16_t slot = 0;     // the next row of the snapshot
    std::string after;     // in this slot, or of the users
    bool started = false;  // `after` has a meaning
  };

  bool fill_page(Replica& replica, std::vector<wire::LogEntry>& entries) const;
  bool fill_devices(Replica& replica, std::vector<wire::LogEntry>& entries) const;
  bool fill_users(Replica& replica, std::vector<wire::LogEntry>& entries) const;
  void add(Replica& replica, std::vector<wire::LogEntry>& entries, uint64_t number, uint16_t slot,
           const Log::Row& row) const;
  bool has_page(const Replica& replica) const;
  void send_page(Now now, const std::string& peer, Replica& replica, wire::Links& links);
  void send_entries(const std::string& peer, Replica& replica, wire::Links& links, bool resumed);
  void heartbeat(const std::string& peer, Replica& replica, wire::Links& links);

  const Options& options_;
  const Log& log_;
  const Devices& devices_;
  const Users& users_;
  const Brokers& brokers_;
  std::map<std::string, Replica> replicas_;  // by node name
  Instant next_heartbeat_{};
  uint64_t snapshots_ = 0;
  uint64_t resumes_ = 0;
};

}  // namespace muster::global
