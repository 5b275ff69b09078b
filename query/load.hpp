#pragma once
// When control hears of this server's load: soon after a change, and now and then. Owned by Query.

#include <algorithm>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "query/options.hpp"

namespace muster::query {

class LoadReport {
 public:
  explicit LoadReport(const Options& options)
      : soon_(options.load_soon), always_(options.load_always) {}

  void control_up() { said_ = false; }

  // Whether `load` is to be said now.
  bool due(Now now, const wire::Load& load) {
    const bool changed = load.units != last_.units || load.threshold != last_.threshold ||
                         load.credit != last_.credit || load.received != last_.received;
    wanted_ = changed;
    if (now.mono < next_wake()) return false;
    said_ = true;
    wanted_ = false;
    at_ = now.mono;
    last_ = load;
    return true;
  }
  Instant next_wake() const {
    if (!said_) return Instant{};
    return wanted_ ? at_ + soon_ : wire::next_beat(at_, always_);
  }

 private:
  const Duration soon_;
  const Duration always_;
  bool said_ = false;
  bool wanted_ = false;
  Instant at_{};
  wire::Load last_;
};

}  // namespace muster::query
