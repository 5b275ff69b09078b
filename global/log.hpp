#pragma once
// Global's one log (protocol.md, Names and numbers): era, numbers, the newest entry of each slot,
// and a ring of what was stored last, from which replicas resume. Numbers are taken from a reserved
// range whose end is stored, synced, before the first of them can be seen, so none is used twice.
// Owned by Global, one thread.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "core/base/ids.hpp"
#include "core/wire/encoded.hpp"
#include "core/wire/rows.hpp"
#include "global/ledger.hpp"
#include "global/log_ring.hpp"

namespace muster::global {

class Log {
 public:
  Log(Ledger& ledger, size_t ring_entries) : ledger_(ledger), ring_(ring_entries) {}

  // ---- at start: the stored state, then begin() opens the new era.
  bool load_meta(BytesView value);
  bool load_head(uint16_t slot, BytesView value);
  void loaded(uint16_t slot, uint64_t number);  // a row that was found
  void begin(bool repaired, WallTime wall);

  // A number for an entry, a term, a stored body: each once, rising over all eras.
  uint64_t take_number();
  using Row = decltype(wire::LogEntry::row);
  // Writes the entry under `key`. The number is the row's own. AnyRow: an alternative of Row.
  template <class AnyRow>
  void append(uint64_t number, uint16_t slot, const AnyRow& row, Bytes key) {
    append_encoded({number, slot, wire::encode_row(number, heads_[slot], slot, row)},
                   std::move(key));
  }
  // A row goes; its slot keeps this entry as its newest.
  void append_erased(uint64_t number, uint16_t slot, const std::string& device);

  // The entries of a commit are stored.
  void stored(const std::vector<wire::EncodedEntry>& entries);

  uint64_t era() const { return era_; }
  Position at() const { return {era_, stored_}; }
  uint64_t head(uint16_t slot) const { return stored_heads_[slot]; }  // stored
  bool is_newest(uint16_t slot, uint64_t number) const { return heads_[slot] == number; }
  // The newest erasure of each slot. Where it is the slot's newest entry a snapshot must bring it.
  const std::map<uint16_t, wire::LogEntry>& erased_heads() const { return erased_heads_; }
  // Can a replica at `have` go on with the entries behind it?
  bool can_resume(Position have) const;
  const LogRing& ring() const { return ring_; }
  bool covers(uint64_t number) const { return number >= ring_.floor(); }

 private:
  void append_encoded(wire::EncodedEntry entry, Bytes key);
  void put_meta();

  Ledger& ledger_;
  uint64_t era_ = 0;
  uint64_t next_ = 1;
  uint64_t reserved_ = 0;               // numbers up to this one may be used
  uint64_t stored_ = 0;                 // newest stored entry
  std::map<uint64_t, uint64_t> bases_;  // era -> newest entry that it found in the store
  std::array<uint64_t, wire::log_slot_count> heads_{};
  std::array<uint64_t, wire::log_slot_count> stored_heads_{};
  std::map<uint16_t, wire::LogEntry> erased_heads_;
  std::deque<wire::LogEntry> erasing_;  // not stored yet
  LogRing ring_;
};

}  // namespace muster::global
