#include "global/sessions.hpp"

#include <algorithm>
#include <utility>

#include "core/base/digest.hpp"
#include "core/base/log.hpp"
#include "core/mqtt/reason.hpp"
#include "core/mqtt/share.hpp"
#include "global/keys.hpp"
#include "global/record.hpp"

namespace muster::global {

namespace {

Bytes stored(const wire::Subscription& subscription) {
  Writer writer;
  writer.number(subscription.qos).number(subscription.no_local);
  writer.number(subscription.retain_as_published).number(subscription.retain_handling);
  writer.number(subscription.identifier);
  return writer.take();
}

uint64_t digest(BytesView filter, BytesView value) {
  Writer writer;
  writer.text(filter).text(value);
  return digest_of(writer.take());
}

}  // namespace

// ---- as stored -------------------------------------------------------------------------------

void Sessions::put(const Session& session) {
  Writer writer;
  writer.number(session.expiry_s).number(session.receive_maximum);
  writer.number(static_cast<uint64_t>(session.term)).integer(session.detached_ms);
  writer.number(session.inbox.streamed_to).number(session.inbox.refused);
  writer.number(session.hold.has_value());
  if (session.hold) {
    const Hold& hold = *session.hold;
    writer.number(static_cast<uint64_t>(hold.connection.broker));
    writer.number(static_cast<uint64_t>(hold.connection.serial));
    writer.number(static_cast<uint64_t>(hold.term)).number(hold.present).text(hold.peer);
  }
  writer.number(session.digest).number(session.damaged);
  writer.number(static_cast<uint64_t>(session.since));
  ledger_.put(keys::session(session.client_id), writer.take());
}

bool Sessions::load(const std::string& client_id, BytesView value) {
  Reader reader(value);
  Session& session = create(client_id);
  session.expiry_s = static_cast<uint32_t>(reader.number());
  session.receive_maximum = static_cast<uint16_t>(reader.number());
  session.term = Term{reader.number()};
  session.detached_ms = reader.integer();
  session.inbox.streamed_to = reader.number();
  session.inbox.refused = reader.number();
  if (reader.number() != 0) {
    Hold hold;
    hold.connection.broker = Incarnation{reader.number()};
    hold.connection.serial = Serial{reader.number()};
    hold.term = Term{reader.number()};
    hold.present = reader.number() != 0;
    hold.peer = reader.text();
    hold.commit = UINT64_MAX;  // it streams when its broker has claimed it again
    session.hold = std::move(hold);
    ++held_;
  }
  session.digest = reader.number();  // what is loaded is taken off: see start()
  session.damaged = reader.number() != 0;
  session.since = Term{reader.number()};
  if (session.receive_maximum == 0) session.receive_maximum = 1;
  session.inbox.next = session.inbox.streamed_to + 1;
  if (!reader.bad()) return true;
  drop(session);
  return false;
}

bool Sessions::load_subscription(const std::string& client_id, const std::string& filter,
                                 BytesView value) {
  Session* session = find(client_id);
  if (!session) return false;
  Reader reader(value);
  wire::Subscription subscription;
  subscription.filter = filter;
  subscription.qos = static_cast<uint8_t>(reader.number());
  subscription.no_local = reader.number() != 0;
  subscription.retain_as_published = reader.number() != 0;
  subscription.retain_handling = static_cast<uint8_t>(reader.number());
  subscription.identifier = static_cast<uint32_t>(reader.number());
  if (reader.bad()) return false;
  bind(*session, subscription, nullptr);
  session->subscriptions[filter] = std::move(subscription);
  session->digest -= digest(filter, value);
  return true;
}

// Not all that was subscribed is there, or what was unsubscribed is.
void Sessions::judge(Session& session) {
  const uint64_t missing = session.digest;
  session.digest = 0;
  for (const auto& [filter, subscription] : session.subscriptions) {
    session.digest += digest(filter, stored(subscription));
  }
  if (missing == 0 || session.damaged) return;
  session.damaged = true;
  ++damaged_;
  put(session);
}

void Sessions::start(Now now) {
  for (auto& [client_id, session] : sessions_) {
    inboxes_.loaded(session);
    judge(session);
    if (session.hold || session.expiry_s == wire::no_expiry) continue;
    const auto whole = std::chrono::seconds(session.expiry_s);
    const auto gone = std::chrono::milliseconds(now.wall.ms - session.detached_ms);
    expiry_.set(client_id, now.mono + std::clamp<Duration>(whole - gone, Duration::zero(), whole));
  }
  if (damaged_ == 0) return;
  log::error(
      "{} persistent sessions lost subscriptions with the store's damage: when they return "
      "they are told to begin anew",
      damaged_);
}

// ---- the table -------------------------------------------------------------------------------

Session* Sessions::find(BytesView client_id) {
  const auto found = sessions_.find(client_id);
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* Sessions::find(uint64_t number) {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

Session& Sessions::create(const std::string& client_id) {
  Session& session = sessions_[client_id];
  session.client_id = client_id;
  session.number = next_number_++;
  by_number_[session.number] = &session;
  return session;
}

void Sessions::forget_subscriptions(Session& session) {
  while (!session.subscriptions.empty()) {
    remove_subscription(session, std::string(session.subscriptions.begin()->first));
  }
  session.damaged = false;
}

void Sessions::wipe(Session& session) {
  std::vector<SharedEntry> left = inboxes_.shared_entries(session);
  forget_subscriptions(session);
  forget_received(session);
  inboxes_.clear(session);
  shares_.left(std::move(left));
  // Whatever is under way for what it was finds it no more.
  by_number_.erase(session.number);
  session.number = next_number_++;
  session.inbox.dirty = false;
  by_number_[session.number] = &session;
}

void Sessions::drop(Session& session) {
  wipe(session);
  if (session.hold) --held_;
  expiry_.clear(session.client_id);
  ledger_.erase(keys::session(session.client_id));
  by_number_.erase(session.number);
  sessions_.erase(std::string(session.client_id));
}

void Sessions::hold(Session& session, Hold hold) {
  if (!session.hold) ++held_;
  expiry_.clear(session.client_id);
  session.term = hold.term;
  session.detached_ms = 0;
  hold.commit = ledger_.number();
  session.hold = std::move(hold);
  inboxes_.attach(session);
  shares_.moved(session);
  put(session);
}

void Sessions::restart_deliveries(Session& session, uint32_t streams) {
  session.hold->streams = streams;
  session.hold->commit = ledger_.number();
  inboxes_.attach(session);
}

void Sessions::detach(Now now, Session& session) {
  MUSTER_CHECK(session.hold);
  --held_;
  session.hold.reset();
  session.detached_ms = now.wall.ms;
  inboxes_.detach(session);
  shares_.moved(session);
  put(session);
  if (session.expiry_s != wire::no_expiry) {
    expiry_.set(session.client_id, now.mono + std::chrono::seconds(session.expiry_s));
  }
}

std::vector<std::string> Sessions::expired(Now now) {
  std::vector<std::string> over;
  while (over.size() < options_.sweep_rows) {
    auto client_id = expiry_.pop(now.mono);
    if (!client_id) break;
    over.push_back(std::move(*client_id));
  }
  return over;
}

// ---- what its holder says --------------------------------------------------------------------

Session* Sessions::held_by(Incarnation from, const std::string& client_id, Term term) {
  Session* session = find(client_id);
  if (!session || !session->hold) return nullptr;
  if (session->hold->term != term || session->hold->connection.broker != from) return nullptr;
  return session;
}

bool Sessions::subscribe(Incarnation from, const wire::SubscribeSession& subscribe) {
  Session* session = held_by(from, subscribe.client_id, subscribe.term);
  if (!session) return false;
  SubscribeWait wait{subscribe.client_id, subscribe.term, subscribe.request, {}, 0};
  for (const wire::Subscription& subscription : subscribe.subscriptions) {
    wait.reasons.push_back(add_subscription(*session, subscription, wait));
  }
  put(*session);
  ledger_.open().subscribes.push_back(std::move(wait));
  return true;
}

uint8_t Sessions::add_subscription(Session& session, const wire::Subscription& subscription,
                                   SubscribeWait& wait) {
  const std::string& filter = subscription.filter;
  const auto present = session.subscriptions.find(filter);
  if (present == session.subscriptions.end() &&
      session.subscriptions.size() >= options_.max_subscriptions) {
    return static_cast<uint8_t>(mqtt::Reason::quota_exceeded);
  }
  const bool had_route = present != session.subscriptions.end() && present->second.qos > 0;
  if (subscription.qos > 0 && !had_route && routes_.full(filter, options_.max_routes)) {
    return static_cast<uint8_t>(mqtt::Reason::quota_exceeded);
  }
  bind(session, subscription, present == session.subscriptions.end() ? nullptr : &present->second);
  retained_.subscribed(session, subscription, present == session.subscriptions.end());
  wait.routes = std::max(wait.routes, routes_.number_of(filter));
  Bytes value = stored(subscription);
  if (present != session.subscriptions.end()) {
    session.digest -= digest(filter, stored(present->second));
  }
  session.digest += digest(filter, value);
  ledger_.put(keys::subscription(session.client_id, filter), std::move(value));
  session.subscriptions.insert_or_assign(filter, subscription);
  return subscription.qos;
}

void Sessions::bind(Session& session, const wire::Subscription& subscription,
                    const wire::Subscription* present) {
  if (mqtt::is_shared(subscription.filter)) return shares_.subscribe(session, subscription);
  const bool had_route = present != nullptr && present->qos > 0;
  inboxes_.subscribe(session, subscription);
  if (subscription.qos > 0 && !had_route) routes_.add(subscription.filter);
  if (subscription.qos == 0 && had_route) routes_.remove(subscription.filter);
}

void Sessions::unbind(Session& session, const wire::Subscription& subscription) {
  const std::string& filter = subscription.filter;
  if (mqtt::is_shared(filter)) return shares_.unsubscribe(session, filter);
  inboxes_.unsubscribe(session, filter);
  if (subscription.qos > 0) routes_.remove(filter);
}

void Sessions::remove_subscription(Session& session, const std::string& filter) {
  const auto found = session.subscriptions.find(filter);
  unbind(session, found->second);
  retained_.unsubscribed(session, filter);
  session.digest -= digest(filter, stored(found->second));
  ledger_.erase(keys::subscription(session.client_id, filter));
  session.subscriptions.erase(found);
}

bool Sessions::unsubscribe(Incarnation from, const wire::UnsubscribeSession& unsubscribe) {
  Session* session = held_by(from, unsubscribe.client_id, unsubscribe.term);
  if (!session) return false;
  SubscribeWait wait{unsubscribe.client_id, unsubscribe.term, unsubscribe.request, {}, 0};
  for (const std::string& filter : unsubscribe.filters) {
    const bool present = session->subscriptions.contains(filter);
    wait.reasons.push_back(static_cast<uint8_t>(present ? mqtt::Reason::success
                                                        : mqtt::Reason::no_subscription_existed));
    if (present) remove_subscription(*session, filter);
  }
  put(*session);
  ledger_.open().subscribes.push_back(std::move(wait));
  return true;
}

bool Sessions::acknowledge(Incarnation from, const wire::InboxAck& ack) {
  Session* session = held_by(from, ack.client_id, ack.term);
  if (!session) return false;
  inboxes_.acknowledge(*session, ack.numbers);
  if (ack.received.empty()) return true;
  inboxes_.release(*session, ack.received);
  ledger_.say(session->hold->peer, from,
              wire::InboxReleased{ack.client_id, ack.term, ack.received});
  return true;
}

}  // namespace muster::global
