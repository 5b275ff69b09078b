// Topics that begin with '$' belong to the broker (design.md section 8): queries, a user's own
// attributes, and presence, whose messages come from the Node and never from a publisher. Only
// $user/<user>/inbox is an ordinary topic.

#include <utility>

#include "broker/shard_state.hpp"
#include "broker/virtual_topics.hpp"
#include "core/wire/attributes_json.hpp"

namespace muster::broker {

using mqtt::PublishView;
using mqtt::Qos;
using mqtt::Reason;

void Shard::State::publish_virtual(uint32_t index, const PublishView& packet, Reach reach) {
  Client& client = at(index);
  Reason reason = Reason::not_authorized;
  uint32_t targets = 0;
  if (packet.topic == "$query") {
    ask_query(index, packet);
    reason = Reason::success;
  } else if (packet.topic == "$user/me/info") {
    auto attributes = wire::parse_attributes(packet.payload);
    reason = attributes ? Reason::success : Reason::payload_format_invalid;
    if (attributes) {
      // Acknowledged once global has stored it.
      targets = packet.qos == Qos::at_most_once ? 0 : 1;
      wire::SetInfo info{Bytes(client.user()), std::move(*attributes)};
      to_node.letters.emplace_back(ForGlobal{std::move(info), targets > 0 ? next_token : 0});
    }
  } else if (is_inbox_topic(packet.topic)) {
    PublishView routed = packet;
    std::string topic = own_topic(packet.topic, client.user());
    routed.topic = topic;
    return publish_routed(index, routed, {}, reach);
  }
  if (reason != Reason::success) ++counters.refused;
  // 3.1.1 has no reason codes: what is refused is acknowledged and dropped (its section 3.3.5).
  if (packet.qos != Qos::at_most_once) acknowledge(index, packet, reason, targets);
}

void Shard::State::ask_query(uint32_t index, const PublishView& packet) {
  AskQuery ask;
  ask.client = ref(index);
  ask.user = at(index).user();
  ask.payload = packet.payload;
  ask.response_topic = "$query/answer";
  if (auto properties = mqtt::decode_publish_properties(packet.properties)) {
    if (properties->response_topic) ask.response_topic = *properties->response_topic;
    ask.has_correlation = properties->correlation_data.has_value();
    ask.correlation_data = properties->correlation_data.value_or(BytesView());
  }
  to_node.letters.emplace_back(std::move(ask));
}

void Shard::State::query_answered(const QueryAnswered& letter) {
  Client* client = find(letter.client.index, letter.client.generation);
  if (client == nullptr || client->phase != Phase::live) return;
  Bytes packet;
  mqtt::encode_publish(client->version, letter.topic, letter.payload, letter.properties,
                       Qos::at_most_once, false, false, 0, packet);
  if (packet.size() > client->maximum_packet_size) return;
  ++counters.delivered;
  write_publish(letter.client.index, packet);
}

Reason Shard::State::open_presence(uint32_t index, Subscribed subscription,
                                   const PresenceFilter& filter) {
  Client& client = at(index);
  bool known = remove_subscription(index, subscription.filter);
  const uint64_t number = next_presence++;
  presence[number] = index;
  uint8_t handling = subscription.options.retain_handling;
  bool snapshot = handling == 0 || (handling == 1 && !known);
  to_node.letters.emplace_back(PresenceOpen{ref(index), number, Bytes(client.user()), filter.user,
                                            filter.state_only, snapshot});
  client.subscriptions.make().emplace(std::move(subscription.filter), number);
  return Reason::success;  // presence messages are QoS 0
}

// One letter is under way for each subscription: the next is asked for once this one has gone out.
void Shard::State::presence_rows(const PresenceRows& letter) {
  auto known = presence.find(letter.subscription);
  if (known == presence.end()) return;
  uint32_t index = known->second;
  Client& client = at(index);
  Bytes packet;
  for (const PresenceRows::Row& row : letter.rows) {
    packet.clear();
    if (row.topic.size() > UINT16_MAX) continue;  // of a name that no broker lets in any more
    mqtt::encode_publish(client.version, row.topic, row.payload, {}, Qos::at_most_once, row.retain,
                         false, 0, packet);
    if (packet.size() > client.maximum_packet_size) continue;
    ++counters.delivered;
    write_publish(index, packet);
  }
  if (letter.rows.empty()) {
    to_node.letters.emplace_back(PresenceMore{self, letter.subscription});
  } else {
    client.presence_unanswered.make().push_back(letter.subscription);
  }
}

void Shard::State::presence_drained(uint32_t index) {
  for (uint64_t subscription : at(index).presence_unanswered.take()) {
    to_node.letters.emplace_back(PresenceMore{self, subscription});
  }
}

}  // namespace muster::broker
