#include "broker/node_lease.hpp"

#include <algorithm>

namespace muster::broker {

void NodeLease::global_up(Instant now, const std::string& global) {
  global_ = global;
  if (until_ != Instant{} && until_ <= now) tells_from_ = UINT64_MAX;
  next_ = now;
  tick(now);
}

void NodeLease::tick(Instant now) {
  if (next_ > now) return;
  constexpr size_t remembered = 8;  // older answers are worth nothing
  requests_.push_back({++number_, now});
  if (requests_.size() > remembered) requests_.pop_front();
  desk_.links.talk(global_, wire::LeaseRequest{number_});
  next_ = now + desk_.options.lease_interval;
}

void NodeLease::granted(const wire::LeaseGrant& grant) {
  for (const Request& request : requests_) {
    if (request.number != grant.request) continue;
    const Instant until = request.sent + desk_.options.lease;
    if (until <= until_) return;
    until_ = until;
    ++desk_.counters.leases;
    if (grant.request >= tells_from_) desk_.mail.post_all(Lease{until_});
    return;
  }
}

// Evictions that follow from the claims stand before the grant of what is asked for now.
void NodeLease::listed(Instant now) {
  if (tells_from_ != UINT64_MAX) return;
  tells_from_ = number_ + 1;
  next_ = now;
  tick(now);
}

void NodeLease::deposed(Instant now) {
  requests_.clear();
  until_ = now;
  desk_.mail.post_all(Lease{until_});
}

}  // namespace muster::broker
