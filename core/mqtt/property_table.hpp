#pragma once
// The one table of properties (table 2-4 of MQTT 5.0 and the value ranges of chapter 3), and the
// one list that ties an identifier to its member of Properties. For the codec only.

#include <array>
#include <cstdint>

#include "core/mqtt/packet.hpp"

namespace muster::mqtt {

enum class PropertyId : uint8_t {
  payload_format_indicator = 0x01,
  message_expiry_interval = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry_interval = 0x11,
  assigned_client_identifier = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay_interval = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_subscription_available = 0x2A,
};
constexpr size_t property_id_limit = 0x2B;

enum class PropertyType : uint8_t { unknown, u8, u16, u32, varint, binary, utf8, utf8_pair };

// Where properties stand: a packet, or the will in CONNECT (3.1.3.2).
using Carriers = uint16_t;
constexpr Carriers carrier(PacketType type) {
  return static_cast<Carriers>(1u << int(type));
}
constexpr Carriers carrier_will = 1;

struct PropertyRule {
  PropertyType type = PropertyType::unknown;
  Carriers carriers = 0;
  Carriers repeats = 0;  // carriers where it may stand more than once
  uint32_t least = 0;    // numbers only
  uint32_t most = UINT32_MAX;
};

constexpr std::array<PropertyRule, property_id_limit> make_property_table() {
  using Id = PropertyId;
  using Type = PropertyType;
  constexpr Carriers connect = carrier(PacketType::connect);
  constexpr Carriers connack = carrier(PacketType::connack);
  constexpr Carriers publish = carrier(PacketType::publish);
  constexpr Carriers subscribe = carrier(PacketType::subscribe);
  constexpr Carriers disconnect = carrier(PacketType::disconnect);
  constexpr Carriers auth = carrier(PacketType::auth);
  constexpr Carriers message = publish | carrier_will;
  constexpr Carriers connecting = connect | connack;
  constexpr Carriers answers = connack | carrier(PacketType::puback) | carrier(PacketType::pubrec) |
                               carrier(PacketType::pubrel) | carrier(PacketType::pubcomp) |
                               carrier(PacketType::suback) | carrier(PacketType::unsuback) |
                               disconnect | auth;
  constexpr Carriers all =
      answers | connect | message | subscribe | carrier(PacketType::unsubscribe);

  std::array<PropertyRule, property_id_limit> table{};
  const auto row = [&](Id id) -> PropertyRule& { return table[static_cast<size_t>(id)]; };
  row(Id::payload_format_indicator) = {Type::u8, message, 0, 0, 1};
  row(Id::message_expiry_interval) = {Type::u32, message};
  row(Id::content_type) = {Type::utf8, message};
  row(Id::response_topic) = {Type::utf8, message};
  row(Id::correlation_data) = {Type::binary, message};
  row(Id::subscription_identifier) = {Type::varint, publish | subscribe, publish, 1};
  row(Id::session_expiry_interval) = {Type::u32, connecting | disconnect};
  row(Id::assigned_client_identifier) = {Type::utf8, connack};
  row(Id::server_keep_alive) = {Type::u16, connack};
  row(Id::authentication_method) = {Type::utf8, connecting | auth};
  row(Id::authentication_data) = {Type::binary, connecting | auth};
  row(Id::request_problem_information) = {Type::u8, connect, 0, 0, 1};
  row(Id::will_delay_interval) = {Type::u32, carrier_will};
  row(Id::request_response_information) = {Type::u8, connect, 0, 0, 1};
  row(Id::response_information) = {Type::utf8, connack};
  row(Id::server_reference) = {Type::utf8, connack | disconnect};
  row(Id::reason_string) = {Type::utf8, answers};
  row(Id::receive_maximum) = {Type::u16, connecting, 0, 1};
  row(Id::topic_alias_maximum) = {Type::u16, connecting};
  row(Id::topic_alias) = {Type::u16, publish, 0, 1};
  row(Id::maximum_qos) = {Type::u8, connack, 0, 0, 1};
  row(Id::retain_available) = {Type::u8, connack, 0, 0, 1};
  row(Id::user_property) = {Type::utf8_pair, all, all};
  row(Id::maximum_packet_size) = {Type::u32, connecting, 0, 1};
  row(Id::wildcard_subscription_available) = {Type::u8, connack, 0, 0, 1};
  row(Id::subscription_identifier_available) = {Type::u8, connack, 0, 0, 1};
  row(Id::shared_subscription_available) = {Type::u8, connack, 0, 0, 1};
  return table;
}

inline constexpr std::array<PropertyRule, property_id_limit> property_table = make_property_table();

// Calls visit(identifier, member) for every member, in the order of the identifiers.
template <class AnyProperties, class Visit>
void visit_members(AnyProperties& p, Visit&& visit) {
  using Id = PropertyId;
  visit(Id::payload_format_indicator, p.payload_format_indicator);
  visit(Id::message_expiry_interval, p.message_expiry_interval);
  visit(Id::content_type, p.content_type);
  visit(Id::response_topic, p.response_topic);
  visit(Id::correlation_data, p.correlation_data);
  visit(Id::subscription_identifier, p.subscription_identifiers);
  visit(Id::session_expiry_interval, p.session_expiry_interval);
  visit(Id::assigned_client_identifier, p.assigned_client_identifier);
  visit(Id::server_keep_alive, p.server_keep_alive);
  visit(Id::authentication_method, p.authentication_method);
  visit(Id::authentication_data, p.authentication_data);
  visit(Id::request_problem_information, p.request_problem_information);
  visit(Id::will_delay_interval, p.will_delay_interval);
  visit(Id::request_response_information, p.request_response_information);
  visit(Id::response_information, p.response_information);
  visit(Id::server_reference, p.server_reference);
  visit(Id::reason_string, p.reason_string);
  visit(Id::receive_maximum, p.receive_maximum);
  visit(Id::topic_alias_maximum, p.topic_alias_maximum);
  visit(Id::topic_alias, p.topic_alias);
  visit(Id::maximum_qos, p.maximum_qos);
  visit(Id::retain_available, p.retain_available);
  visit(Id::user_property, p.user_properties);
  visit(Id::maximum_packet_size, p.maximum_packet_size);
  visit(Id::wildcard_subscription_available, p.wildcard_subscription_available);
  visit(Id::subscription_identifier_available, p.subscription_identifier_available);
  visit(Id::shared_subscription_available, p.shared_subscription_available);
}

}  // namespace muster::mqtt
