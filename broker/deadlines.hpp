#pragma once
// When each client must be looked at again: one deadline a client, checked lazily. Packets do not
// move it; when it comes due the shard looks at what was really heard. Deadlines are rounded up to
// a quarter of a second, so that thousands of idle clients wake the shard a few times a second at
// most.

#include <cstdint>
#include <set>
#include <utility>

#include "core/base/time.hpp"

namespace muster::broker {

class Deadlines {
 public:
  // Replaces `current`; returns the rounded deadline to be kept by the client. `never` removes it.
  Instant set(uint32_t client, Instant current, Instant wanted) {
    if (current != never) due_.erase({current, client});
    if (wanted == never) return never;
    Instant rounded = round_up(wanted);
    due_.insert({rounded, client});
    return rounded;
  }
  Instant next() const { return due_.empty() ? never : due_.begin()->first; }
  // The first client that is due, which must then be set again; false when none is.
  bool first_due(Instant now, uint32_t& client) const {
    if (due_.empty() || due_.begin()->first > now) return false;
    client = due_.begin()->second;
    return true;
  }

 private:
  static Instant round_up(Instant time) {
    constexpr Duration grain = std::chrono::milliseconds(250);
    auto count = (time.time_since_epoch().count() + grain.count() - 1) / grain.count();
    return Instant(Duration(count * grain.count()));
  }
  std::set<std::pair<Instant, uint32_t>> due_;
};

}  // namespace muster::broker
