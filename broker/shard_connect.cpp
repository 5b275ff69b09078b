// CONNECT (3.1): the client is refused, moved to its home shard, or becomes a session - a clean one
// at once, a persistent one when global has granted it.

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

using mqtt::Reason;
using mqtt::Version;

namespace {

// Where Remaining Length is the only limit (2.1.4) nothing is announced: there are clients that
// take a larger number for an error.
constexpr uint32_t unannounced_packet_size = 268'435'455;

std::string presence_user(const std::string& rule, const mqtt::Connect& packet,
                          BytesView client_id) {
  if (rule == "%c") return std::string(client_id);
  return packet.user_name ? std::string(*packet.user_name) : "~" + std::string(client_id);
}

wire::Will will_of(const mqtt::WillMessage& message, BytesView client_id, int64_t wall) {
  wire::Will will;
  wire::Publication& publication = will.publication;
  publication.topic = message.topic;
  publication.payload = message.payload;
  publication.qos = static_cast<uint8_t>(message.qos);
  publication.retain = message.retain;
  publication.publisher = Bytes(client_id);
  publication.published_ms = wall;
  mqtt::Properties properties = message.properties;
  will.delay_s = properties.will_delay_interval.value_or(0);
  properties.will_delay_interval.reset();
  publication.expiry_s = properties.message_expiry_interval.value_or(wire::no_expiry);
  Bytes encoded;
  mqtt::encode_properties(properties, encoded);
  publication.properties = std::move(encoded);
  return will;
}

}  // namespace

void Shard::State::connect(uint32_t index, const mqtt::Frame& frame) {
  ++counters.connects;
  auto decoded = mqtt::decode(frame, Version::v5, mqtt::Sender::client);
  if (!decoded) return refuse(index, mqtt::connect_version(frame), decoded.error());
  const auto& packet = std::get<mqtt::Connect>(*decoded);
  Client& client = at(index);
  client.version = packet.version;
  client.maximum_packet_size = packet.properties.maximum_packet_size.value_or(UINT32_MAX);
  client.problem_information = packet.properties.request_problem_information.value_or(1) != 0;
  client.response_information = packet.properties.request_response_information.value_or(0) != 0;
  if (!acceptable(index, packet)) return;

  client.assigned_id = packet.client_id.empty();
  const Bytes id = client.assigned_id ? new_client_id() : Bytes(packet.client_id);
  client.names = Texts<3>({"", id, client.address()});
  if (!client.assigned_id && move_home(index, frame)) return;
  if (packet.properties.authentication_method) return authenticate(index, frame, packet);
  open_session(index, packet);
}

// What CONNACK says is not available (3.2.2.3.5), names that presence keeps for itself,
// and the client identifiers of 3.1.3.1.
bool Shard::State::acceptable(uint32_t index, const mqtt::Connect& packet) {
  auto refused = [&](Reason reason, BytesView detail = {}) {
    refuse(index, packet.version, reason, detail);
    return false;
  };
  bool v5 = packet.version == Version::v5;
  const auto& method = packet.properties.authentication_method;
  if (method && !auth_method(*method)) {
    return refused(Reason::bad_authentication_method, "no such authentication method");
  }
  if (packet.client_id.empty() && !v5 && !packet.clean_start) {
    return refused(Reason::client_identifier_not_valid);
  }
  const std::string user = presence_user(options.presence_user, packet, packet.client_id);
  if (!fits_topics(user)) {
    return refused(packet.user_name && options.presence_user != "%c"
                       ? Reason::bad_user_name_or_password
                       : Reason::client_identifier_not_valid,
                   "the name is too long for presence topics");
  }
  if (packet.will && !is_clients_topic(packet.will->topic)) {  // as PUBLISH
    return refused(Reason::not_authorized, "this will topic is the broker's own");
  }
  if (packet.user_name && (packet.user_name->starts_with('~') || *packet.user_name == "me")) {
    return refused(Reason::bad_user_name_or_password,
                   "\"me\" and names that begin with ~ are the broker's");
  }
  return true;
}

void Shard::State::refuse(uint32_t index, Version version, Reason reason, BytesView detail) {
  ++counters.refused;
  at(index).version = version;
  if (version == Version::v5 || mqtt::connect_code(reason) != 0) {
    mqtt::Connack packet{false, reason, {}};
    if (!detail.empty() && at(index).problem_information) packet.properties.reason_string = detail;
    write(index, packet);
  }
  end(index, wire::GoneReason::protocol_error);
}

// Unique without asking anybody, and at home here, so that the connection need not move.
std::string Shard::State::new_client_id() {
  std::string id;
  do {
    id = fmt::format("muster-{:016x}-{:x}", static_cast<uint64_t>(incarnation),
                     next_serial++ << 8 | static_cast<uint64_t>(self));
  } while (home_of(id, options.shards) != self);
  return id;
}

bool Shard::State::move_home(uint32_t index, const mqtt::Frame& frame) {
  Client& client = at(index);
  ShardIndex home = home_of(client.client_id(), options.shards);
  if (home == self) return false;
  --counters.connects;  // counted there
  --counters.packets_received;
  // What was read after the CONNECT follows it: see parse().
  effects.moves.push_back(
      {index, home, std::string(client.address()), client.door, Bytes(frame.whole)});
  set_deadline(index, never);
  client.phase = Phase::closing;
  return true;
}

void Shard::State::open_session(uint32_t index, const mqtt::Connect& packet) {
  Client& client = at(index);
  const mqtt::Properties& properties = packet.properties;
  client.clean_start = packet.clean_start;
  const std::string user = presence_user(options.presence_user, packet, client.client_id());
  client.names = Texts<3>({user, client.client_id(), client.address()});
  client.session_expiry_s = packet.version == Version::v5
                                ? properties.session_expiry_interval.value_or(0)
                                : (packet.clean_start ? 0 : UINT32_MAX);
  client.announce_expiry = client.session_expiry_s > options.maximum_session_expiry_s;
  client.session_expiry_s = std::min(client.session_expiry_s, options.maximum_session_expiry_s);
  client.persistent = !packet.clean_start || client.session_expiry_s > 0;
  client.receive_maximum = properties.receive_maximum.value_or(65535);
  client.ids = mqtt::PacketIds(client.receive_maximum);
  uint16_t aliases =
      std::min(properties.topic_alias_maximum.value_or(0), options.topic_alias_maximum);
  if (aliases > 0) client.aliases_out = std::make_unique<mqtt::OutgoingAliases>(aliases);
  client.keep_alive_s = packet.keep_alive;
  uint16_t most = options.maximum_keep_alive_s;
  if (most != 0 && packet.version == Version::v5 &&
      (packet.keep_alive == 0 || packet.keep_alive > most)) {
    client.keep_alive_s = most;
  }
  client.announce_keep_alive = client.keep_alive_s != packet.keep_alive;
  client.connected_at = now.mono;
  client.since_ms = now.wall.ms;
  // Who could never be told so is not connected, and takes nobody's place (3.1.2-24).
  const bool limited = client.maximum_packet_size != UINT32_MAX;
  if (limited && accepted(client, false).size() > client.maximum_packet_size) {
    return refuse(index, client.version, Reason::implementation_specific_error);
  }
  client.serial = static_cast<Serial>(next_serial++ << 8 | static_cast<uint64_t>(self));
  if (packet.will) {
    client.will =
        std::make_unique<wire::Will>(will_of(*packet.will, client.client_id(), now.wall.ms));
    client.will->publication.topic = own_topic(packet.will->topic, client.user());
  }

  // The claim goes before the end of the connection that it takes over: never seen as offline.
  tell_presence(client, claim(client));
  const uint32_t former = holder_of(client.client_id());
  if (former != no_client) take_over(former);
  hold_id(index);
  ++counters.connections;
  if (client.persistent) {
    client.phase = Phase::awaiting_grant;
    client.inbox = std::make_unique<InboxState>();
    client.inbox->window = mqtt::InboxWindow(client.receive_maximum);
    set_deadline(index, now.mono + options.grant_wait);
    pause(index);
  } else {
    connack(index, false);
  }
}

void Shard::State::connack(uint32_t index, bool session_present) {
  Client& client = at(index);
  client.phase = Phase::live;
  bool limited = client.keep_alive_s != 0;
  Instant first = now.mono + std::chrono::milliseconds(1500) * client.keep_alive_s;
  set_deadline(index, limited ? first : never);
  write(index, accepted(client, session_present));
}

// CONNACK with reason 0x00.
Bytes Shard::State::accepted(const Client& client, bool session_present) const {
  mqtt::Connack packet;
  std::string method;
  packet.session_present = session_present;
  if (client.version == Version::v5) {
    mqtt::Properties& properties = packet.properties;
    properties.receive_maximum = options.receive_maximum;
    if (options.topic_alias_maximum > 0) {
      properties.topic_alias_maximum = options.topic_alias_maximum;
    }
    if (options.maximum_packet_size < unannounced_packet_size) {
      properties.maximum_packet_size = options.maximum_packet_size;
    }
    if (client.assigned_id) properties.assigned_client_identifier = client.client_id();
    if (client.response_information && !options.response_information.empty()) {
      properties.response_information = options.response_information;
    }
    if (client.authentication) {
      method = client.authentication->method->name();
      properties.authentication_method = method;
      if (client.authentication->data) {
        properties.authentication_data = *client.authentication->data;
      }
    }
    if (client.announce_keep_alive) properties.server_keep_alive = client.keep_alive_s;
    if (client.announce_expiry) properties.session_expiry_interval = client.session_expiry_s;
  }
  Bytes encoded;
  mqtt::encode(packet, client.version, encoded);
  return encoded;
}

wire::Claim Shard::State::claim(const Client& client) const {
  wire::Claim claim;
  claim.client_id = client.client_id();
  claim.user = client.user();
  claim.serial = client.serial;
  claim.term = client.term;
  claim.connected_us = client.connected_at.time_since_epoch().count();
  claim.persistent = client.persistent;
  claim.clean_start = client.clean_start;
  claim.session_expiry_s = client.session_expiry_s;
  claim.receive_maximum = client.receive_maximum;
  claim.keep_alive_s = client.keep_alive_s;
  claim.protocol = static_cast<uint8_t>(client.version);
  claim.address = client.address();
  claim.since_ms = client.since_ms;
  if (client.will) claim.will = *client.will;
  return claim;
}

void Shard::State::list_claims(uint64_t round) {
  for (const auto& client : clients) {
    if (client->phase == Phase::live || client->phase == Phase::awaiting_grant) {
      for_global(claim(*client));
    }
  }
  list_departures();
  to_node.letters.emplace_back(ClaimsListed{round});
}

void Shard::State::granted_page(const wire::GrantPage& page) {
  const uint32_t known = holder_of(page.client_id);
  if (known == no_client) return;
  const Client& client = at(known);
  if (client.serial != page.serial || client.phase != Phase::awaiting_grant) return;
  take_up(known, page.subscriptions);
}

void Shard::State::take_up(uint32_t index, const std::vector<wire::Subscription>& subscriptions) {
  for (const wire::Subscription& stored : subscriptions) {
    Subscribed subscription;
    subscription.filter = stored.filter;
    subscription.options = {static_cast<mqtt::Qos>(stored.qos), stored.no_local,
                            stored.retain_as_published, stored.retain_handling};
    subscription.identifier = stored.identifier;
    const uint64_t number = add_subscription(index, std::move(subscription));
    at(index).inbox->routes = std::max(at(index).inbox->routes, number);
  }
}

// As with SUBACK: from CONNACK on whoever publishes is heard, here too. It stands in the outbox
// until then, and everything behind it.
void Shard::State::withhold_output(uint32_t index) {
  Client& client = at(index);
  if (client.inbox->routes <= binding.bound()) {
    client.inbox->routes = 0;
    return;
  }
  MUSTER_CHECK(!client.dirty);
  client.dirty = true;  // and yet not among those that are flushed
  route_waits.emplace(client.inbox->routes, ref(index));
}

void Shard::State::release_output(uint32_t index) {
  Client& client = at(index);
  if (!client.inbox || client.inbox->routes == 0) return;
  if (client.inbox->routes > binding.bound()) return;
  client.inbox->routes = 0;
  effects.dirty.push_back(index);
}

void Shard::State::granted(const wire::Grant& grant) {
  const uint32_t index = holder_of(grant.client_id);
  if (index == no_client || at(index).serial != grant.serial) {
    if (departing(grant)) return;
    // It has gone meanwhile, and its Gone named no term: the session is let go.
    wire::Gone gone;
    gone.client_id = grant.client_id;
    gone.serial = grant.serial;
    gone.term = grant.term;
    gone.reason = wire::GoneReason::connection_lost;
    gone.at_ms = now.wall.ms;
    return for_global(gone);
  }
  Client& client = at(index);
  bool renewed = client.phase == Phase::live && client.term != grant.term;
  client.term = grant.term;
  if (renewed && !grant.session_present) {  // it expired meanwhile: numbers begin anew
    client.inbox->window = mqtt::InboxWindow(client.receive_maximum);
    client.inbox->held.clear();
    client.inbox->acked.clear();
    client.inbox->received.clear();
    client.inbox->newest = 0;
  }
  if (client.phase != Phase::awaiting_grant) return ask_again(index);  // claimed after a hello
  if (!grant.session_present) withdraw_all(index);  // pages of what global has lost meanwhile
  take_up(index, grant.subscriptions);
  inherit(index, grant);
  withhold_output(index);
  connack(index, grant.session_present);
  resume(index);
}

void Shard::State::refused(const wire::Refused& refusal) {
  const uint32_t known = holder_of(refusal.client_id);
  if (known == no_client) return;
  const Client& client = at(known);
  if (client.serial != refusal.serial || client.phase != Phase::awaiting_grant) return;
  refuse(known, client.version, static_cast<Reason>(refusal.reason));
}

}  // namespace muster::broker
