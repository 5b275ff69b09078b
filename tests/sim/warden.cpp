#include "tests/sim/warden.hpp"

#include <algorithm>

namespace muster::sim {
namespace {

constexpr uint32_t warden = 0;  // the first of all devices

}  // namespace

void Warden::delivered(const Delivery& delivery) {
  if (delivery.device != warden || !ledger_.messages[delivery.message].will) return;
  published_.try_emplace(delivery.message, delivery.emitted);
}

Instant Warden::published(uint32_t will) const {
  const auto found = published_.find(will);
  return found == published_.end() ? never : found->second;
}

bool Warden::would_hear(const Connection& connection) const {
  return registered(connection) && bound_before(connection.dialled);
}

bool Warden::bound_before(Instant when) const {
  for (const Bond& bond : ledger_.bonds) {
    if (bond.device == warden && bond.bound != never) return bond.bound < when;
  }
  return false;
}

// A persistent session is granted after its will is stored; a clean one claims, and may have ended
// before its claim is at global.
bool Warden::registered(const Connection& connection) const {
  if (connection.accepted == never) return false;
  if (connection.persistent) return true;
  const Instant later = std::max(connection.accepted, connection.ended) + seconds(3);
  return ledger_.calm(connection.dialled - seconds(3), later);
}

bool is_due(End end) {
  return end == End::dropped || end == End::silent || end == End::by_broker ||
         end == End::taken_over || end == End::disconnected_with_will;
}

}  // namespace muster::sim
