#pragma once
// The batch that is being filled, and what waits for it: "nothing is said before what it rests on
// is stored" in one place. One commit is open, at most one is with the store; commits end in order.
// Owned by Global, one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store.hpp"
#include "core/wire/encoded.hpp"
#include "core/wire/messages.hpp"
#include "global/write_set.hpp"

namespace muster::global {

// For the stream to a broker; dropped if another incarnation is there by then.
struct Said {
  std::string peer;
  Incarnation incarnation = Incarnation::none;
  wire::Message message;
};

// A subscription that waits for the store and then for the brokers' RoutesTaken.
struct SubscribeWait {
  std::string client_id;
  Term term = Term::none;
  uint64_t request = 0;
  std::vector<uint8_t> reasons;
  uint64_t routes = 0;  // number of the announcement it needs; 0: none
};

// A session that has something to deliver: entries up to this number are stored then.
struct Wake {
  uint64_t session = 0;
  uint64_t entries_to = 0;
};

// Of a broker's stream.
struct Taken {
  std::string peer;
  uint64_t number = 0;
  uint64_t retained = 0;  // the newest of its retained publications
};

struct Commit {
  uint64_t number = 0;
  bool sync = false;
  std::vector<wire::EncodedEntry> entries;
  std::vector<Said> said;
  std::map<Incarnation, Taken> taken;
  std::vector<Wake> wakes;
  std::vector<SubscribeWait> subscribes;
  std::vector<wire::RetainedEntry> retained;             // changes, in order
  std::vector<std::pair<Incarnation, uint64_t>> synced;  // RetainedSync requests that are met

  bool empty() const {
    return entries.empty() && said.empty() && taken.empty() && wakes.empty() &&
           subscribes.empty() && retained.empty() && synced.empty();
  }
};

class Ledger {
 public:
  Ledger() { open_.number = 1; }

  void put(BytesView key, BytesView value) { writes_.put(key, value); }
  void put_fresh(BytesView key, BytesView value) { writes_.put_fresh(key, value); }
  void erase(BytesView key) { writes_.erase(key); }
  void erase_run(BytesView first, uint32_t count) { writes_.erase_run(first, count); }
  void say(const std::string& peer, Incarnation incarnation, wire::Message message) {
    open_.said.push_back({peer, incarnation, std::move(message)});
  }
  // Stream items from this peer are in the open commit up to `number`.
  // `retained`: the newest of its retained publications among them.
  void take(const std::string& peer, Incarnation incarnation, uint64_t number,
            uint64_t retained = 0);
  void forget_taken(Incarnation incarnation);
  Commit& open() { return open_; }
  uint64_t number() const { return open_.number; }  // of the open commit

  // Nothing to write and nothing in flight: what was decided may leave at once.
  std::optional<Commit> finish();
  std::optional<store::StoreBatch> seal(bool sync);
  Commit stored(uint64_t number);
  bool idle() const { return !flying_ && open_.empty() && writes_.empty(); }

 private:
  Commit next();
  bool to_write() const { return !writes_.empty() || !open_.taken.empty(); }

  Commit open_;
  WriteSet writes_;  // of the open commit
  std::optional<Commit> flying_;
};

}  // namespace muster::global
