#include "core/mqtt/reason.hpp"

#include <array>

#include "core/mqtt/reason_table.hpp"

namespace muster::mqtt {
namespace {

constexpr uint16_t in(PacketType type) {
  return static_cast<uint16_t>(1u << int(type));
}

constexpr uint16_t connack = in(PacketType::connack);
constexpr uint16_t received = in(PacketType::puback) | in(PacketType::pubrec);
constexpr uint16_t released = in(PacketType::pubrel) | in(PacketType::pubcomp);
constexpr uint16_t suback = in(PacketType::suback);
constexpr uint16_t unsuback = in(PacketType::unsuback);
constexpr uint16_t disconnect = in(PacketType::disconnect);
constexpr uint16_t auth = in(PacketType::auth);

struct Row {
  Reason reason;
  uint16_t packets;  // a bit for each packet type that may carry it
  const char* name;
};

// Table 2-6 of MQTT 5.0. Who may send which code in DISCONNECT (3.14.2.1) is not judged: it changes
// nothing for the receiver.
constexpr Row table[] = {
    {Reason::success, connack | received | released | suback | unsuback | disconnect | auth,
     "success"},
    {Reason::granted_qos_1, suback, "granted QoS 1"},
    {Reason::granted_qos_2, suback, "granted QoS 2"},
    {Reason::disconnect_with_will, disconnect, "disconnect with will message"},
    {Reason::no_matching_subscribers, received, "no matching subscribers"},
    {Reason::no_subscription_existed, unsuback, "no subscription existed"},
    {Reason::continue_authentication, auth, "continue authentication"},
    {Reason::reauthenticate, auth, "re-authenticate"},
    {Reason::unspecified_error, connack | received | suback | unsuback | disconnect,
     "unspecified error"},
    {Reason::malformed_packet, connack | disconnect, "malformed packet"},
    {Reason::protocol_error, connack | disconnect, "protocol error"},
    {Reason::implementation_specific_error, connack | received | suback | unsuback | disconnect,
     "implementation specific error"},
    {Reason::unsupported_protocol_version, connack, "unsupported protocol version"},
    {Reason::client_identifier_not_valid, connack, "client identifier not valid"},
    {Reason::bad_user_name_or_password, connack, "bad user name or password"},
    {Reason::not_authorized, connack | received | suback | unsuback | disconnect, "not authorized"},
    {Reason::server_unavailable, connack, "server unavailable"},
    {Reason::server_busy, connack | disconnect, "server busy"},
    {Reason::banned, connack, "banned"},
    {Reason::server_shutting_down, disconnect, "server shutting down"},
    {Reason::bad_authentication_method, connack | disconnect, "bad authentication method"},
    {Reason::keep_alive_timeout, disconnect, "keep alive timeout"},
    {Reason::session_taken_over, disconnect, "session taken over"},
    {Reason::topic_filter_invalid, suback | unsuback | disconnect, "topic filter invalid"},
    {Reason::topic_name_invalid, connack | received | disconnect, "topic name invalid"},
    {Reason::packet_identifier_in_use, received | suback | unsuback, "packet identifier in use"},
    {Reason::packet_identifier_not_found, released, "packet identifier not found"},
    {Reason::receive_maximum_exceeded, disconnect, "receive maximum exceeded"},
    {Reason::topic_alias_invalid, disconnect, "topic alias invalid"},
    {Reason::packet_too_large, connack | disconnect, "packet too large"},
    {Reason::message_rate_too_high, disconnect, "message rate too high"},
    {Reason::quota_exceeded, connack | received | suback | disconnect, "quota exceeded"},
    {Reason::administrative_action, disconnect, "administrative action"},
    {Reason::payload_format_invalid, connack | received | disconnect, "payload format invalid"},
    {Reason::retain_not_supported, connack | disconnect, "retain not supported"},
    {Reason::qos_not_supported, connack | disconnect, "QoS not supported"},
    {Reason::use_another_server, connack | disconnect, "use another server"},
    {Reason::server_moved, connack | disconnect, "server moved"},
    {Reason::shared_subscriptions_not_supported, suback | disconnect,
     "shared subscriptions not supported"},
    {Reason::connection_rate_exceeded, connack | disconnect, "connection rate exceeded"},
    {Reason::maximum_connect_time, disconnect, "maximum connect time"},
    {Reason::subscription_identifiers_not_supported, suback | disconnect,
     "subscription identifiers not supported"},
    {Reason::wildcard_subscriptions_not_supported, suback | disconnect,
     "wildcard subscriptions not supported"},
};

const Row* find(uint8_t code) {
  for (const Row& row : table) {
    if (static_cast<uint8_t>(row.reason) == code) return &row;
  }
  return nullptr;
}

}  // namespace

const char* to_string(Reason reason) {
  const Row* row = find(static_cast<uint8_t>(reason));
  return row != nullptr ? row->name : "unknown reason";
}

bool may_carry(PacketType packet, uint8_t code) {
  const Row* row = find(code);
  return row != nullptr && (row->packets & in(packet)) != 0;
}

uint8_t connect_code(Reason reason) {
  switch (reason) {
    case Reason::unsupported_protocol_version:
      return 1;
    case Reason::client_identifier_not_valid:
      return 2;
    case Reason::server_unavailable:
    case Reason::server_busy:
    case Reason::server_shutting_down:
    case Reason::use_another_server:
    case Reason::server_moved:
    case Reason::quota_exceeded:
    case Reason::connection_rate_exceeded:
      return 3;
    case Reason::bad_user_name_or_password:
      return 4;
    case Reason::not_authorized:
    case Reason::banned:
    case Reason::bad_authentication_method:
      return 5;
    default:
      return 0;
  }
}

}  // namespace muster::mqtt
