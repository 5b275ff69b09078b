// Claims, the other side: connections, leases and brokers that have ended.

#include "core/base/incarnation.hpp"
#include "global/claims.hpp"
#include "global/keys.hpp"

namespace muster::global {

using wire::GoneReason;

void Claims::start(Now now) {
  all_heard_at_ = now.mono + options_.lease;
  // A repaired store may have lost the row of a session's holder: nobody would ever end it.
  for (auto& [client_id, session] : sessions_.all()) {
    if (!session.hold) continue;
    const Device* device = devices_.find(client_id);
    if (!device || !device->is_at(session.hold->connection)) sessions_.detach(now, session);
  }
  for (auto& [incarnation, broker] : brokers_.all()) {
    if (broker.dead()) dead_.push_back(incarnation);
  }
}

void Claims::gone(Now now, Broker& broker, const wire::Gone& gone) {
  const Connection connection{broker.incarnation(), gone.serial};
  Session* session = sessions_.find(gone.client_id);
  const bool holds = session && session->hold && session->hold->connection == connection;
  if (holds && !gone.unsettled) {
    sessions_.settle(*session);
  }
  ended(now, gone.client_id, connection, gone.reason, gone.at_ms, gone.session_expiry_s);
}

void Claims::ended(Now now, const std::string& client_id, const Connection& connection,
                   GoneReason reason, int64_t at_ms, std::optional<uint32_t> expiry_s) {
  Session* session = sessions_.find(client_id);
  if (session && session->waiter && session->waiter->connection == connection) {
    drop_waiter(*session);
  } else if (session && session->hold && session->hold->connection == connection) {
    if (expiry_s) session->expiry_s = *expiry_s;
    if (session->waiter) {
      hand_over(now, *session);
    } else if (session->expiry_s == 0) {
      over(now, *session);
    } else {
      sessions_.detach(now, *session);
    }
  }
  // A takeover is never seen as offline: the row may say the next connection already.
  Device* device = devices_.find(client_id);
  if (device && device->is_at(connection)) {
    // Just after a start it may have been taken over before, at a broker that was not heard yet.
    const bool unsure = reason == GoneReason::not_listed;
    const Duration grace = unsure ? all_heard_at_ - now.mono : Duration::zero();
    devices_.ended(now, *device, reason, at_ms, grace);
  }

  session = sessions_.find(client_id);
  Fate fate;
  if (session && !session->hold) fate = {Fate::detached, session->expiry_s};
  if (session && session->hold) fate.kind = session->hold->present ? Fate::resumed : Fate::over;
  wills_.ended(now, connection, reason, fate);
}

// ---- the list of live connections after a hello ------------------------------------------------

void Claims::begin_list(Broker& broker) {
  ++broker.listing;
  broker.listing_open = true;
  broker.former.clear();
  for (const auto& [incarnation, other] : brokers_.all()) {
    if (goes_on(incarnation, broker.incarnation())) broker.former.push_back(incarnation);
  }
}

void Claims::end_list(Broker& broker) {
  if (!broker.listing_open) return;
  broker.listing_open = false;
  broker.former.clear();
  for (const auto& [incarnation, other] : brokers_.all()) {
    if (other.dead() && other.name() == broker.name()) wills_.forget_spent(incarnation);
  }
  drop_waiters_of(broker.incarnation(), &broker.listing);
  closing_.push_back(broker.incarnation());
}

void Claims::drop_waiters_of(Incarnation incarnation, const uint32_t* listing) {
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    Session& session = *sessions_.find(*it);
    ++it;
    const Waiter& waiter = *session.waiter;
    if (waiter.connection.broker != incarnation) continue;
    if (!listing || waiter.listing != *listing) drop_waiter(session);
  }
}

// Claims move a row to the end of its broker's list, so those that were not named are at its front.
bool Claims::close_unlisted(Now now, Incarnation incarnation, uint32_t& rows) {
  Broker* broker = brokers_.living(incarnation);
  if (!broker || broker->listing_open) return true;
  while (Device* device = broker->devices.front()) {
    if (device->listing == broker->listing) return true;
    if (rows++ == options_.sweep_rows) return false;
    if (device->dropped) {  // known to be over, and not shown before its grace is
      device->listing = broker->listing;
      broker->devices.push_back(*device);
      continue;
    }
    const Bytes client_id(device->row.device());
    ended(now, client_id, device->connection(), GoneReason::not_listed, now.wall.ms, std::nullopt);
  }
  return true;
}

// ---- brokers -----------------------------------------------------------------------------------

void Claims::lease_ended(Now now, Incarnation incarnation) {
  release_held_by(now, incarnation);
}

void Claims::release_held_by(Now now, Incarnation incarnation) {
  const std::set<std::string> waiting = waiting_;
  for (const std::string& client_id : waiting) {
    Session* session = sessions_.find(client_id);
    if (!session || !session->waiter || !session->hold) continue;
    if (session->hold->connection.broker != incarnation) continue;
    if (!session->hold->evicted) evict(client_id, session->hold->connection);
    hand_over(now, *session);
  }
}

void Claims::died(Now now, Incarnation incarnation) {
  drop_waiters_of(incarnation, nullptr);
  release_held_by(now, incarnation);
  dead_.push_back(incarnation);
}

void Claims::work(Now now) {
  uint32_t rows = 0;
  while (!closing_.empty() && close_unlisted(now, closing_.front(), rows)) closing_.pop_front();
  while (!dead_.empty() && rows < options_.sweep_rows && sweep(now, dead_.front(), rows)) {
    dead_.pop_front();
  }
}

// True: nothing is left of it.
bool Claims::sweep(Now now, Incarnation incarnation, uint32_t& rows) {
  Broker* broker = brokers_.find(incarnation);
  if (!broker) return true;
  while (Device* device = broker->devices.front()) {
    if (rows++ == options_.sweep_rows) return false;
    const Bytes client_id(device->row.device());
    ended(now, client_id, device->connection(), GoneReason::broker_lost, now.wall.ms, std::nullopt);
  }
  // Wills of connections whose devices have moved on.
  while (rows < options_.sweep_rows) {
    const auto open = wills_.open_of(incarnation, options_.sweep_rows - rows);
    if (open.empty()) return true;
    rows += static_cast<uint32_t>(open.size());
    for (const Wills::Open& will : open) {
      ended(now, will.client_id, will.connection, GoneReason::broker_lost, now.wall.ms,
            std::nullopt);
    }
  }
  return false;
}

}  // namespace muster::global
