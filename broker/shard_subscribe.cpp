// SUBSCRIBE and UNSUBSCRIBE. A clean session's SUBACK waits until its routes are known to all
// shards and brokers, a persistent session's also until global has stored it (protocol.md, Routes):
// from then on whoever publishes is heard.

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"
#include "broker/virtual_topics.hpp"
#include "core/mqtt/share.hpp"
#include "core/mqtt/writer.hpp"

namespace muster::broker {

using mqtt::Qos;
using mqtt::Reason;

namespace {

constexpr BytesView answer_too_large = "its answer is larger than your maximum packet size";

// A reason for each filter, behind the identifier and no properties. Only 5.0 knows a maximum, and
// it is asked before anything is done: nobody has subscriptions and was not told.
bool answer_fits(size_t filters, const Client& client) {
  const size_t body = sizeof(uint16_t) + 1 + filters;
  return 1 + mqtt::varint_size(static_cast<uint32_t>(body)) + body <= client.maximum_packet_size;
}

}  // namespace

void Shard::State::subscribe(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  auto decoded = mqtt::decode(frame, client.version, mqtt::Sender::client);
  if (!decoded) return fail(index, decoded.error(), wire::GoneReason::protocol_error);
  const auto& packet = std::get<mqtt::Subscribe>(*decoded);
  if (!answer_fits(packet.entries.size(), client)) {
    return fail(index, Reason::packet_too_large, wire::GoneReason::protocol_error,
                answer_too_large);
  }
  const auto& identifiers = packet.properties.subscription_identifiers;

  PendingAnswer answer;
  answer.packet_id = packet.packet_id;
  wire::SubscribeSession stored{Bytes(client.client_id()), client.term, 0, {}};
  for (const auto& entry : packet.entries) {
    Subscribed subscription;
    subscription.filter = own_filter(entry.filter, client);
    subscription.options = entry.options;
    subscription.identifier = identifiers.empty() ? 0 : identifiers.front();
    if (subscription.filter.size() > UINT16_MAX) {  // with the own name instead of "me"
      answer.reasons.push_back(Reason::topic_filter_invalid);
      continue;
    }
    if (wants_sys(index, subscription)) answer.sys.push_back(subscription);
    const size_t before = stored.subscriptions.size();
    if (wants_retained(index, subscription)) answer.reads.push_back(subscription.filter);
    answer.reasons.push_back(subscribe_one(index, std::move(subscription), answer.routes, stored));
    if (stored.subscriptions.size() > before) answer.places.push_back(answer.reasons.size() - 1);
  }
  if (!stored.subscriptions.empty()) {
    stored.request = answer.request = next_request++;
    answer.stored = stored;
    for_global(std::move(stored));
  }
  answer_later(index, std::move(answer));
}

Reason Shard::State::subscribe_one(uint32_t index, Subscribed subscription, uint64_t& number,
                                   wire::SubscribeSession& stored) {
  const std::string& filter = subscription.filter;
  if (mqtt::is_shared(filter)) {
    const Reason refusal = may_share(at(index), subscription);
    if (refusal != Reason::success) return refusal;
  } else if (auto presence_of = presence_filter(filter, at(index).user())) {
    return open_presence(index, std::move(subscription), *presence_of);
  }
  auto granted = static_cast<Reason>(subscription.options.qos);
  if (at(index).persistent) {
    const mqtt::SubscriptionOptions& wanted = subscription.options;
    stored.subscriptions.push_back({filter, static_cast<uint8_t>(wanted.qos), wanted.no_local,
                                    wanted.retain_as_published, wanted.retain_handling,
                                    subscription.identifier});
  }
  number = std::max(number, add_subscription(index, std::move(subscription)));
  return granted;
}

// Adds or replaces; returns the route number after which it is bound.
uint64_t Shard::State::add_subscription(uint32_t index, Subscribed subscription) {
  Client& client = at(index);
  Subscriber subscriber;
  subscriber.client = index;
  subscriber.identifier = subscription.identifier;
  subscriber.qos = subscription.options.qos;
  subscriber.no_local = subscription.options.no_local;
  subscriber.retain_as_published = subscription.options.retain_as_published;
  subscriber.persistent = client.persistent;

  bool added = false;
  uint64_t number = 0;
  if (mqtt::is_shared(subscription.filter)) {
    number = join_group(subscription.filter, subscriber, added);
  } else {
    added = interests.add(subscription.filter, subscriber);
    cache.filter_changed(subscription.filter);
    number = interests.number(subscription.filter);
  }
  if (added) client.subscriptions.make().emplace(std::move(subscription.filter), 0);
  return number;
}

bool Shard::State::remove_subscription(uint32_t index, BytesView filter) {
  auto& subscriptions = at(index).subscriptions.make();
  const auto known = subscriptions.find(filter);
  if (known == subscriptions.end()) return false;
  withdraw(index, known->first, known->second);
  subscriptions.erase(known);
  return true;
}

void Shard::State::withdraw(uint32_t index, const std::string& filter, uint64_t presence_number) {
  if (mqtt::is_shared(filter)) {
    leave_group(filter, index);
  } else if (presence_number != 0) {
    presence.erase(presence_number);
    to_node.letters.emplace_back(PresenceClose{self, presence_number});
  } else {
    interests.remove(filter, index);
    cache.filter_changed(filter);
  }
}

void Shard::State::withdraw_all(uint32_t index) {
  auto subscriptions = at(index).subscriptions.take();
  while (!subscriptions.empty()) {
    const auto subscription = subscriptions.extract(subscriptions.begin());
    withdraw(index, subscription.key(), subscription.mapped());
  }
}

void Shard::State::unsubscribe(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  auto decoded = mqtt::decode(frame, client.version, mqtt::Sender::client);
  if (!decoded) return fail(index, decoded.error(), wire::GoneReason::protocol_error);
  const auto& packet = std::get<mqtt::Unsubscribe>(*decoded);
  if (!answer_fits(packet.filters.size(), client)) {
    return fail(index, Reason::packet_too_large, wire::GoneReason::protocol_error,
                answer_too_large);
  }

  PendingAnswer answer;
  answer.packet_id = packet.packet_id;
  answer.unsubscribe = true;
  wire::UnsubscribeSession stored{Bytes(client.client_id()), client.term, 0, {}};
  for (BytesView wanted : packet.filters) {
    std::string filter = own_filter(wanted, client);
    bool removed = remove_subscription(index, filter);
    answer.reasons.push_back(removed ? Reason::success : Reason::no_subscription_existed);
    if (removed && client.persistent && !presence_filter(filter, client.user())) {
      stored.filters.push_back(std::move(filter));
    }
  }
  if (!stored.filters.empty()) {
    stored.request = answer.request = next_request++;
    answer.stored = stored;
    for_global(std::move(stored));
  }
  answer_later(index, std::move(answer));
}

void Shard::State::answer_later(uint32_t index, PendingAnswer answer) {
  Client& client = at(index);
  if (!client.answers) client.answers = std::make_unique<std::vector<PendingAnswer>>();
  if (answer.routes > binding.bound()) {
    route_waits.emplace(answer.routes, ref(index));
  }
  client.answers->push_back(std::move(answer));
  answer_due(index);
}

// Writes every SUBACK and UNSUBACK that waits for nothing any more. What global stores is answered
// in the order of asking: what it has not stored yet may have to be said again, and must not undo
// what came after it.
void Shard::State::answer_due(uint32_t index) {
  Client& client = at(index);
  if (!client.answers) return;
  auto& answers = *client.answers;
  bool owed = false;
  for (auto at = answers.begin(); at != answers.end();) {
    owed |= at->request != 0;
    if ((at->stored && owed) || at->routes > binding.bound()) {
      ++at;
    } else if (at->unsubscribe) {
      write(index, mqtt::Unsuback{at->packet_id, std::move(at->reasons), {}});
      at = answers.erase(at);
    } else {
      write(index, mqtt::Suback{at->packet_id, std::move(at->reasons), {}});
      for (const Subscribed& subscription : at->sys) send_sys(index, subscription);
      read_retained(index, std::move(at->reads));
      at = answers.erase(at);
    }
  }
  if (answers.empty()) client.answers.reset();
}

void Shard::State::routes_moved() {
  uint64_t bound = binding.bound();
  while (!route_waits.empty() && route_waits.begin()->first <= bound) {
    ClientRef due = route_waits.begin()->second;
    route_waits.erase(route_waits.begin());
    if (find(due.index, due.generation) == nullptr) continue;
    release_output(due.index);
    answer_due(due.index);
  }
}

void Shard::State::subscribe_done(const wire::SubscribeDone& done) {
  uint32_t index = 0;
  Client* client = find_session(done.client_id, done.term, index);
  if (client == nullptr || !client->answers) return;
  for (PendingAnswer& answer : *client->answers) {
    if (answer.request != done.request) continue;
    answer.request = 0;
    if (!answer.unsubscribe) take_refusals(index, answer, done.reasons);
  }
  answer_due(index);
}

// What global did not store, for its limits, is no subscription here either.
void Shard::State::take_refusals(uint32_t index, PendingAnswer& answer,
                                 const std::vector<uint8_t>& reasons) {
  const auto& asked = std::get<wire::SubscribeSession>(*answer.stored);
  const size_t count = std::min(reasons.size(), answer.places.size());
  for (size_t i = 0; i < count; ++i) {
    if (reasons[i] < 0x80) continue;
    answer.reasons[answer.places[i]] = static_cast<Reason>(reasons[i]);
    remove_subscription(index, asked.subscriptions[i].filter);
  }
}

// Global stores a subscription for good, but what it then owed us went with it if it has restarted.
// From the first that is owed on all is said again; of what is done, no retained messages come
// twice.
void Shard::State::ask_again(uint32_t index) {
  Client& client = at(index);
  if (!client.answers) return;
  bool owed = false;
  for (PendingAnswer& answer : *client.answers) {
    owed |= answer.request != 0;
    if (!answer.stored || !owed) continue;
    if (auto* more = std::get_if<wire::SubscribeSession>(&*answer.stored)) {
      more->term = client.term;
      for (wire::Subscription& subscription : more->subscriptions) {
        if (answer.request == 0) subscription.retain_handling = 2;
      }
    }
    if (auto* less = std::get_if<wire::UnsubscribeSession>(&*answer.stored))
      less->term = client.term;
    for_global(*answer.stored);
  }
}

}  // namespace muster::broker
