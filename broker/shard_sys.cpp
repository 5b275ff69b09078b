// $SYS/broker/...: what this broker says of itself (node_sys.hpp has the topics). Every shard holds
// the whole table, which all share: a new subscriber is told from it, and what has changed goes to
// those who are there. QoS 0, retained to who asks; never to other brokers, nor to global.

#include <iterator>

#include "broker/shard_state.hpp"
#include "core/mqtt/topic.hpp"

namespace muster::broker {

using mqtt::Qos;

namespace {
constexpr BytesView sys_prefix = "$SYS/";

uint64_t shared_subscriptions(const Client& client) {
  const auto& all = *client.subscriptions;
  return static_cast<uint64_t>(
      std::distance(all.lower_bound("$share/"), all.lower_bound("$share0")));  // '0' follows '/'
}

}  // namespace

void Shard::State::count_for_sys(uint64_t round) {
  ShardCounters counted = counters;
  counted.retained = retaining.table.size();
  counted.retained_bytes = retaining.table.bytes();
  for (const auto& client : clients) {
    if (client->phase != Phase::live) continue;
    counted.subscriptions += client->subscriptions->size();
    counted.shared_subscriptions += shared_subscriptions(*client);
    counted.in_flight += client->ids.in_use();
    if (client->inbox) counted.in_flight += client->inbox->window.in_flight();
    if (!client->waiting) continue;
    counted.waiting += client->waiting->items.size();
    counted.waiting_bytes += client->waiting->bytes;
  }
  to_node.letters.emplace_back(Counted{round, counted});
}

void Shard::State::sys_news(const SysValues& letter) {
  sys = letter.table;
  for (const SysValue& value : *sys) {
    if (!value.changed) continue;
    const Resolved& resolved = cache.find(value.topic, interests, routes, groups);
    if (resolved.targets.empty()) continue;
    Outgoing outgoing;
    outgoing.publication.topic = value.topic;
    outgoing.publication.payload = value.payload;
    outgoing.publication.retain = true;
    deliver(resolved, outgoing);
  }
}

// Does this subscription, which has not been made yet, want the present values? (3.8.3.1)
bool Shard::State::wants_sys(uint32_t index, const Subscribed& subscription) {
  if (!subscription.filter.starts_with(sys_prefix)) return false;
  const uint8_t handling = subscription.options.retain_handling;
  if (handling != 1) return handling == 0;
  return !at(index).subscriptions->contains(subscription.filter);
}

void Shard::State::send_sys(uint32_t index, const Subscribed& subscription) {
  if (!sys) return;
  Client& client = at(index);
  Bytes properties;
  if (subscription.identifier != 0) {
    mqtt::Properties identifier;
    identifier.subscription_identifiers = {subscription.identifier};
    mqtt::encode_properties(identifier, properties);
  }
  Bytes packet;
  for (const SysValue& value : *sys) {
    if (!mqtt::matches(subscription.filter, value.topic)) continue;
    packet.clear();
    mqtt::encode_publish(client.version, value.topic, value.payload, properties, Qos::at_most_once,
                         true, false, 0, packet);
    if (packet.size() > client.maximum_packet_size) continue;
    ++counters.delivered;
    write_publish(index, packet);
  }
}

}  // namespace muster::broker
