// CONNECT and CONNACK (3.1, 3.2).

#include "core/mqtt/decoders.hpp"

namespace muster::mqtt {
namespace {

struct ConnectFlags {  // 3.1.2.3
  bool clean_start, will, will_retain, password, user_name;
  unsigned will_qos;
};

std::optional<Version> known_version(BytesView name, uint8_t level) {
  if (name == "MQTT" && level == 4) return Version::v3_1_1;
  if (name == "MQTT" && level == 5) return Version::v5;
  if (name == "MQIsdp" && level == 3) return Version::v3_1;
  return std::nullopt;
}

ConnectFlags read_flags(Reader& body, Version version) {
  const uint8_t raw = body.u8();
  ConnectFlags flags{};
  flags.clean_start = (raw & 0x02) != 0;
  flags.will = (raw & 0x04) != 0;
  flags.will_qos = raw >> 3 & 3;
  flags.will_retain = (raw & 0x20) != 0;
  flags.password = (raw & 0x40) != 0;
  flags.user_name = (raw & 0x80) != 0;
  body.require((raw & 0x01) == 0, Reason::malformed_packet);   // 3.1.2-3
  body.require(flags.will_qos < 3, Reason::malformed_packet);  // 3.1.2-12
  const bool will_parts = flags.will_qos > 0 || flags.will_retain;
  body.require(flags.will || !will_parts, Reason::malformed_packet);  // 3.1.2-11, 3.1.2-13
  // MQTT 3.1.1: 3.1.2-22. In 5.0 a password may stand alone.
  const bool lone_password = flags.password && !flags.user_name;
  body.require(version == Version::v5 || !lone_password, Reason::malformed_packet);
  return flags;
}

WillMessage read_will(Reader& body, Version version, const ConnectFlags& flags) {
  WillMessage will;
  will.qos = static_cast<Qos>(flags.will_qos);
  will.retain = flags.will_retain;
  if (version == Version::v5) {
    read_properties(body, carrier_will, Sender::client, will.properties);
  }
  will.topic = body.utf8();
  body.require(valid_topic_name(will.topic), Reason::topic_name_invalid);  // 4.7.1-1, 4.7.3-1
  will.payload = body.binary();
  return will;
}

Reason connack_reason(uint8_t code) {  // MQTT 3.1.1: 3.2.2.3
  constexpr Reason reasons[] = {Reason::success,
                                Reason::unsupported_protocol_version,
                                Reason::client_identifier_not_valid,
                                Reason::server_unavailable,
                                Reason::bad_user_name_or_password,
                                Reason::not_authorized};
  return code < std::size(reasons) ? reasons[code] : Reason::malformed_packet;
}

}  // namespace

Connect read_connect(Reader& body) {
  Connect packet;
  const BytesView name = body.utf8();
  const uint8_t level = body.u8();
  const std::optional<Version> version = known_version(name, level);
  if (!version) {
    body.fail(Reason::unsupported_protocol_version);  // 3.1.2-1, 3.1.2-2
    return packet;
  }
  packet.version = *version;
  const ConnectFlags flags = read_flags(body, packet.version);
  packet.clean_start = flags.clean_start;
  packet.keep_alive = body.u16();
  if (packet.version == Version::v5) {
    read_properties(body, carrier(PacketType::connect), Sender::client, packet.properties);
  }
  packet.client_id = body.utf8();
  // MQTT 3.1.1: an identifier made by the server lives for one connection only (3.1.3-8). 3.1 knows
  // none.
  const bool may_be_empty =
      packet.version == Version::v5 || (packet.version == Version::v3_1_1 && packet.clean_start);
  body.require(!packet.client_id.empty() || may_be_empty, Reason::client_identifier_not_valid);
  if (flags.will) packet.will = read_will(body, packet.version, flags);
  if (flags.user_name) packet.user_name = body.utf8();
  if (flags.password) packet.password = body.binary();
  return packet;
}

Version connect_version(const Frame& frame) {
  Reader body(frame.body);
  const BytesView name = body.binary();
  const uint8_t level = body.u8();
  // Bridges set the high bit of the level.
  return name == "MQTT" && level >= 5 && level < 0x80 ? Version::v5 : Version::v3_1_1;
}

Connack read_connack(Reader& body, Version version) {
  Connack packet;
  const uint8_t flags = body.u8();
  body.require(flags <= 1, Reason::malformed_packet);               // 3.2.2-1
  packet.session_present = flags == 1 && version != Version::v3_1;  // 3.1: unused
  if (version == Version::v5) {
    packet.reason = read_reason(body, PacketType::connack);
    read_properties(body, carrier(PacketType::connack), Sender::server, packet.properties);
  } else {
    packet.reason = connack_reason(body.u8());
    body.require(packet.reason != Reason::malformed_packet, Reason::malformed_packet);
  }
  const bool refused = packet.reason != Reason::success;
  body.require(!refused || !packet.session_present, Reason::protocol_error);  // 3.2.2-6
  return packet;
}

}  // namespace muster::mqtt
