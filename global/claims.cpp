#include "global/claims.hpp"

#include <algorithm>
#include <utility>

namespace muster::global {
namespace {

using wire::GoneReason;

bool is_younger(const Connection& a, Instant a_began, const Connection& b, Instant b_began) {
  if (a.broker == b.broker) return a.serial > b.serial;
  return a_began >= b_began;
}

// The same socket, whose broker goes on under a new incarnation.
bool is_same_socket(const KeptRow& row, const Broker& broker, const wire::Claim& claim) {
  return row.connected && row.broker_name() == broker.name() && row.since_ms == claim.since_ms &&
         row.address() == claim.address;
}

}  // namespace

Claims::Incoming Claims::incoming(Broker& broker, const wire::Claim& claim) const {
  const Connection connection{broker.incarnation(), claim.serial};
  Incoming in{broker, claim, connection, began_at(claim), Age::same, false};
  in.spent = std::any_of(broker.former.begin(), broker.former.end(), [&](Incarnation former) {
    return wills_.is_spent({former, claim.serial});
  });
  return in;
}

Age Claims::age_of(const Incoming& in, const Session* session) const {
  const Device* device = devices_.find(in.claim.client_id);
  // Its broker was judged dead and came back as another: this is what we knew, or what followed.
  const Broker* before = device ? brokers_.find(device->newest.broker) : nullptr;
  if (before && before->dead() && before->name() == in.broker.name()) return Age::younger;
  if (session && in.claim.term != Term::none && in.claim.term < session->term) return Age::older;
  return devices_.age_of(device, in.connection, in.began);
}

void Claims::claim(Now now, Broker& broker, const wire::Claim& claim) {
  ++claims_;
  Incoming in = incoming(broker, claim);
  Session* session = sessions_.find(claim.client_id);
  if (session && session->hold && session->hold->connection == in.connection) {
    confirm(in, *session);
    return;
  }
  in.age = age_of(in, session);
  if (in.age == Age::older) {
    // A clean one was accepted, and overtaken on its way here: its end, and its will, are to come.
    if (!claim.persistent) keep_will(in);
    evict(claim.client_id, in.connection);
  } else if (claim.persistent) {
    claim_persistent(now, in, session);
  } else {
    claim_clean(now, in, session);
  }
}

void Claims::claim_persistent(Now now, const Incoming& in, Session* session) {
  if (session && session->hold) {
    wait(now, in, *session);
    return;
  }
  const bool existed = session != nullptr;
  if (in.claim.term != Term::none && (!existed || session->damaged)) return lost(in);
  if (!existed) {
    if (sessions_.full()) {
      const auto reason = static_cast<uint8_t>(mqtt::Reason::quota_exceeded);
      ledger_.say(in.broker.name(), in.broker.incarnation(),
                  wire::Refused{in.claim.client_id, in.claim.serial, reason});
      return;
    }
    session = &sessions_.create(in.claim.client_id);
  }
  attach(now, in, *session, existed);
}

void Claims::claim_clean(Now now, const Incoming& in, Session* session) {
  if (session && session->hold && in.age != Age::younger) {
    wait(now, in, *session);
    return;
  }
  if (session) {
    if (session->hold) evict(in.claim.client_id, session->hold->connection);
    if (session->waiter && session->waiter->connection != in.connection) {
      evict(in.claim.client_id, session->waiter->connection);
    }
    over(now, *session);
  }
  take_row(in);
}

// The connection rests on a session that is no more (expired meanwhile, lost with the store): it
// must come again to hear so.
void Claims::lost(const Incoming& in) {
  evict(in.claim.client_id, in.connection, mqtt::Reason::implementation_specific_error);
}

// Another connection of this client is what the row says from now on.
void Claims::take_row(const Incoming& in) {
  Device* device = devices_.find(in.claim.client_id);
  if (device && device->is_at(in.connection)) {
    devices_.confirm(in.broker, *device, in.claim);
  } else {
    if (device && is_same_socket(device->row, in.broker, in.claim)) {
      wills_.moved(device->connection());
    } else if (device && device->row.connected && !device->dropped && in.age == Age::younger) {
      evict(in.claim.client_id, device->connection());
    }
    devices_.online(in.broker, in.claim);
  }
  for (const Incarnation former : in.broker.former) wills_.moved({former, in.claim.serial});
  keep_will(in);
}

void Claims::keep_will(const Incoming& in) {
  if (!in.claim.will) return;
  if (in.spent) return wills_.spend(in.connection, in.claim.client_id);
  wire::Will will = *in.claim.will;
  if (!in.claim.persistent) will.delay_s = 0;  // the session ends with the connection
  wills_.add(in.connection, in.claim.client_id, will);
}

void Claims::attach(Now now, const Incoming& in, Session& session, bool existed) {
  // A connection that was granted once has had its clean start. A session without expiry ended with
  // the connection that held it until now, also when that one's goodbye came after this claim.
  const bool ended = in.claim.clean_start || session.expiry_s == 0;
  const bool clean = ended && in.claim.term == Term::none;
  const bool present = existed && !clean && !session.damaged;
  if (existed && clean) {
    sessions_.wipe(session);
    session_over(now, in.claim.client_id);
  } else {
    wills_.resumed(in.claim.client_id);
  }
  if (session.damaged) sessions_.forget_subscriptions(session);
  session.expiry_s = in.claim.session_expiry_s;
  session.receive_maximum = std::max<uint16_t>(in.claim.receive_maximum, 1);
  take_row(in);
  Hold hold;
  hold.connection = in.connection;
  hold.peer = in.broker.name();
  hold.term = devices_.find(in.claim.client_id)->row.term;
  hold.present = present;
  hold.began = in.began;
  hold.streams = in.broker.streams;
  if (in.claim.term == Term::none) session.since = hold.term;  // else the same connection goes on
  sessions_.hold(session, std::move(hold));
  grant(session);
}

void Claims::grant(const Session& session) {
  const Hold& hold = *session.hold;
  wire::Grant grant{session.client_id, hold.connection.serial, hold.term, hold.present, {}};
  wire::GrantPage page{grant.client_id, grant.serial, {}};
  for (const auto& [filter, subscription] : session.subscriptions) {
    if (page.subscriptions.size() == wire::grant_page_subscriptions) {
      ledger_.say(hold.peer, hold.connection.broker, page);
      page.subscriptions.clear();
    }
    page.subscriptions.push_back(subscription);
  }
  grant.subscriptions = std::move(page.subscriptions);
  Sessions::fill(session, grant);
  ledger_.say(hold.peer, hold.connection.broker, std::move(grant));
}

// The holder lists its connection again.
void Claims::confirm(const Incoming& in, Session& session) {
  if (session.damaged) return lost(in);
  Hold& hold = *session.hold;
  hold.began = in.began;
  take_row(in);
  if (hold.streams != in.broker.streams) sessions_.restart_deliveries(session, in.broker.streams);
  grant(session);
  if (!session.waiter) return;
  const Waiter& waiter = *session.waiter;
  if (is_younger(waiter.connection, waiter.began, hold.connection, hold.began)) {
    if (!hold.evicted) evict(session.client_id, hold.connection);
    hold.evicted = true;
    return;
  }
  evict(session.client_id, waiter.connection);
  drop_waiter(session);
  devices_.note_newest(*devices_.find(session.client_id), in.connection, in.began);
}

void Claims::wait(Now now, const Incoming& in, Session& session) {
  if (session.waiter && session.waiter->connection != in.connection) {
    evict(session.client_id, session.waiter->connection);
  }
  session.waiter = Waiter{in.connection, in.broker.listing, in.began, in.claim, in.spent};
  waiting_.insert(session.client_id);
  Device* device = devices_.find(session.client_id);
  if (device) devices_.note_newest(*device, in.connection, in.began);
  if (in.age == Age::younger && !session.hold->evicted) {
    evict(session.client_id, session.hold->connection);
    session.hold->evicted = true;
  }
  if (!brokers_.has_lease(now, session.hold->connection.broker)) hand_over(now, session);
}

// The holder has let go or its lease has ended: the waiter gets the session.
void Claims::hand_over(Now now, Session& session) {
  Waiter waiter = std::move(*session.waiter);
  drop_waiter(session);
  Broker& broker = *brokers_.find(waiter.connection.broker);
  // Whoever had the row was evicted, or is gone.
  Incoming in = incoming(broker, waiter.claim);
  in.spent |= waiter.spent;
  if (waiter.claim.persistent) {
    attach(now, in, session, true);
  } else {
    over(now, session);
    take_row(in);
  }
}

void Claims::evict(const std::string& client_id, const Connection& connection,
                   mqtt::Reason reason) {
  const Broker* broker = brokers_.living(connection.broker);
  if (!broker) return;
  ++evictions_;
  ledger_.say(broker->name(), broker->incarnation(),
              wire::Evict{client_id, connection.serial, static_cast<uint8_t>(reason)});
}

void Claims::drop_waiter(Session& session) {
  waiting_.erase(session.client_id);
  session.waiter.reset();
}

void Claims::over(Now now, Session& session) {
  const std::string client_id = session.client_id;
  waiting_.erase(client_id);
  sessions_.drop(session);
  session_over(now, client_id);
}

void Claims::session_over(Now now, const std::string& client_id) {
  const Device* device = devices_.find(client_id);
  wills_.session_over(now, client_id, device ? device->connection() : Connection{});
}

void Claims::expire(Now now) {
  for (const std::string& client_id : sessions_.expired(now)) {
    if (Session* session = sessions_.find(client_id)) over(now, *session);
  }
}

}  // namespace muster::global
