#pragma once
// What the warden, a persistent subscriber of all wills, tells the rules about them: which were
// published, and which it would have heard of. Part of the checkers that judge wills.

#include <map>

#include "tests/sim/ledger.hpp"

namespace muster::sim {

class Warden {
 public:
  explicit Warden(const Ledger& ledger) : ledger_(ledger) {}

  void delivered(const Delivery& delivery);

  // When the will left for the warden first; `never` if it has not.
  Instant published(uint32_t will) const;
  // The will of this connection, which has ended, came to global, and the warden was there before.
  bool would_hear(const Connection& connection) const;

 private:
  bool bound_before(Instant when) const;
  bool registered(const Connection& connection) const;

  const Ledger& ledger_;
  std::map<uint32_t, Instant> published_;  // message
};

// The end of a connection upon which its will is due.
bool is_due(End end);

}  // namespace muster::sim
