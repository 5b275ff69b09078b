// The door of the decoder, and the packets that are too small for a file of their own.

#include "core/mqtt/decoders.hpp"
#include "core/mqtt/property_reader.hpp"
#include "core/mqtt/reason_table.hpp"

namespace muster::mqtt {
namespace {

constexpr Carriers client_sends =
    carrier(PacketType::connect) | carrier(PacketType::publish) | carrier(PacketType::puback) |
    carrier(PacketType::pubrec) | carrier(PacketType::pubrel) | carrier(PacketType::pubcomp) |
    carrier(PacketType::subscribe) | carrier(PacketType::unsubscribe) |
    carrier(PacketType::pingreq) | carrier(PacketType::disconnect) | carrier(PacketType::auth);

constexpr Carriers server_sends =
    carrier(PacketType::connack) | carrier(PacketType::publish) | carrier(PacketType::puback) |
    carrier(PacketType::pubrec) | carrier(PacketType::pubrel) | carrier(PacketType::pubcomp) |
    carrier(PacketType::suback) | carrier(PacketType::unsuback) | carrier(PacketType::pingresp) |
    carrier(PacketType::disconnect) | carrier(PacketType::auth);

bool may_send(Sender sender, PacketType type, Version version) {  // 2.1.2
  if (version != Version::v5 && sender == Sender::server && type == PacketType::disconnect) {
    return false;
  }
  const Carriers allowed = sender == Sender::client ? client_sends : server_sends;
  return (allowed & carrier(type)) != 0;
}

bool valid_flags(const Frame& frame, Version version) {  // 2.1.3-1
  switch (frame.type) {
    case PacketType::publish:
      return true;  // judged by decode_publish
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      // MQTT 3.1 allows DUP here.
      return frame.flags == 2 || (version == Version::v3_1 && frame.flags == 10);
    default:
      return frame.flags == 0;
  }
}

Expected<Packet, Reason> full_publish(const Frame& frame, Version version, Sender sender) {
  auto view = decode_publish(frame, version, sender);
  if (!view) return Unexpected{view.error()};
  Publish packet;
  packet.topic = view->topic;
  packet.payload = view->payload;
  packet.qos = view->qos;
  packet.retain = view->retain;
  packet.dup = view->dup;
  packet.packet_id = view->packet_id;
  packet.properties = *decode_publish_properties(view->properties, sender);  // were walked before
  return Packet{std::move(packet)};
}

Packet read_packet(Reader& body, PacketType type, Version version, Sender sender) {
  switch (type) {
    case PacketType::connect:
      return read_connect(body);
    case PacketType::connack:
      return read_connack(body, version);
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return read_acknowledgement(body, type, version, sender);
    case PacketType::subscribe:
      return read_subscribe(body, version);
    case PacketType::suback:
      return read_suback(body, version);
    case PacketType::unsubscribe:
      return read_unsubscribe(body, version);
    case PacketType::unsuback:
      return read_unsuback(body, version);
    case PacketType::pingreq:
      return Pingreq{};
    case PacketType::pingresp:
      return Pingresp{};
    case PacketType::disconnect:
      return read_disconnect(body, version, sender);
    case PacketType::auth:
      return read_auth(body, sender);
    case PacketType::publish:
      break;
  }
  MUSTER_CHECK(false);
}

}  // namespace

Expected<Packet, Reason> decode(const Frame& frame, Version version, Sender sender) {
  if (version != Version::v5 && frame.type == PacketType::auth) {
    return Unexpected{Reason::malformed_packet};  // 3.1.1: 2.2.1, reserved
  }
  if (!valid_flags(frame, version)) return Unexpected{Reason::malformed_packet};
  if (!may_send(sender, frame.type, version)) return Unexpected{Reason::protocol_error};
  if (frame.type == PacketType::publish) return full_publish(frame, version, sender);
  Reader body(frame.body);
  Packet packet = read_packet(body, frame.type, version, sender);
  body.require(body.at_end(), Reason::malformed_packet);
  if (!body.ok()) return Unexpected{body.error()};
  return packet;
}

uint16_t read_packet_id(Reader& body) {
  const uint16_t packet_id = body.u16();
  body.require(packet_id != 0, Reason::protocol_error);
  return packet_id;
}

Reason read_reason(Reader& body, PacketType packet) {
  const uint8_t code = body.u8();
  body.require(may_carry(packet, code), Reason::protocol_error);
  return static_cast<Reason>(code);
}

Acknowledgement read_acknowledgement(Reader& body, PacketType type, Version version,
                                     Sender sender) {
  Acknowledgement packet;
  packet.type = type;
  packet.packet_id = read_packet_id(body);
  if (version != Version::v5) return packet;
  // Reason code and property length may be left out at the end (3.4.2.1, 3.4.2.2.1).
  if (!body.at_end()) packet.reason = read_reason(body, type);
  if (!body.at_end()) read_properties(body, carrier(type), sender, packet.properties);
  return packet;
}

Expected<AcknowledgementView, Reason> decode_acknowledgement(const Frame& frame, Version version) {
  if (!valid_flags(frame, version)) return Unexpected{Reason::malformed_packet};
  Reader body(frame.body);
  AcknowledgementView view;
  view.packet_id = read_packet_id(body);
  if (version == Version::v5 && !body.at_end()) {
    view.reason = read_reason(body, frame.type);
    if (!body.at_end()) {
      PropertyReader properties(body.properties(), carrier(frame.type), Sender::client);
      while (properties.next()) {
      }
      body.require(properties.error() == Reason::success, properties.error());
    }
  }
  body.require(body.at_end(), Reason::malformed_packet);
  if (!body.ok()) return Unexpected{body.error()};
  return view;
}

Disconnect read_disconnect(Reader& body, Version version, Sender sender) {
  Disconnect packet;
  if (version != Version::v5) return packet;
  if (!body.at_end()) packet.reason = read_reason(body, PacketType::disconnect);  // 3.14.2.1
  if (!body.at_end()) {
    read_properties(body, carrier(PacketType::disconnect), sender, packet.properties);
  }
  return packet;
}

Auth read_auth(Reader& body, Sender sender) {
  Auth packet;
  if (!body.at_end()) {  // 3.15.2.1
    packet.reason = read_reason(body, PacketType::auth);
    read_properties(body, carrier(PacketType::auth), sender, packet.properties);
  }
  // 3.15.2.2.2; the bare success that 3.15.2.1 allows has none.
  const bool bare = packet == Auth{};
  body.require(bare || packet.properties.authentication_method, Reason::protocol_error);
  return packet;
}

}  // namespace muster::mqtt
