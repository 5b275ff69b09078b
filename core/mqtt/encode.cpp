#include "core/mqtt/codec.hpp"
#include "core/mqtt/writer.hpp"

namespace muster::mqtt {
namespace {

// Appends one packet: the first byte, its Remaining Length, and what `write_body` appends.
template <class WriteBody>
void put_packet(PacketType type, uint8_t flags, Bytes& out, WriteBody&& write_body) {
  put_u8(static_cast<uint8_t>(uint8_t(type) << 4 | flags), out);
  const size_t mark = out.size();
  write_body();
  insert_length(mark, out);
}

void put_properties(const Properties& properties, Version version, Bytes& out) {
  if (version != Version::v5) return;
  const size_t mark = out.size();
  encode_properties(properties, out);
  insert_length(mark, out);
}

// Reason code and properties at the end of a packet; both are left out when they say nothing.
void put_outcome(Reason reason, const Properties& properties, Version version, Bytes& out) {
  if (version != Version::v5) return;
  const bool plain = properties == Properties{};
  if (plain && reason == Reason::success) return;
  put_u8(static_cast<uint8_t>(reason), out);
  if (!plain) put_properties(properties, version, out);
}

uint8_t connect_flags(const Connect& packet) {
  unsigned flags = packet.clean_start ? 0x02 : 0;
  if (packet.will) {
    flags |= 0x04 | unsigned(packet.will->qos) << 3 | (packet.will->retain ? 0x20 : 0);
  }
  if (packet.password) flags |= 0x40;
  if (packet.user_name) flags |= 0x80;
  return static_cast<uint8_t>(flags);
}

void put(const Connect& packet, Version, Bytes& out) {
  const Version version = packet.version;
  put_packet(PacketType::connect, 0, out, [&] {
    put_string(version == Version::v3_1 ? "MQIsdp" : "MQTT", out);
    put_u8(static_cast<uint8_t>(version), out);
    put_u8(connect_flags(packet), out);
    put_u16(packet.keep_alive, out);
    put_properties(packet.properties, version, out);
    put_string(packet.client_id, out);
    if (packet.will) {
      put_properties(packet.will->properties, version, out);
      put_string(packet.will->topic, out);
      put_string(packet.will->payload, out);
    }
    if (packet.user_name) put_string(*packet.user_name, out);
    if (packet.password) put_string(*packet.password, out);
  });
}

void put(const Connack& packet, Version version, Bytes& out) {
  const bool v5 = version == Version::v5;
  const uint8_t code = v5 ? static_cast<uint8_t>(packet.reason) : connect_code(packet.reason);
  if (code == 0 && packet.reason != Reason::success) return;
  put_packet(PacketType::connack, 0, out, [&] {
    const bool told = packet.session_present && version != Version::v3_1;  // 3.1: unused
    put_u8(told ? 1 : 0, out);
    put_u8(code, out);
    put_properties(packet.properties, version, out);
  });
}

void put(const Publish& packet, Version version, Bytes& out) {
  Bytes properties;
  encode_properties(packet.properties, properties);
  encode_publish(version, packet.topic, packet.payload, properties, packet.qos, packet.retain,
                 packet.dup, packet.packet_id, out);
}

void put(const Acknowledgement& packet, Version version, Bytes& out) {
  const uint8_t flags = packet.type == PacketType::pubrel ? 2 : 0;
  put_packet(packet.type, flags, out, [&] {
    put_u16(packet.packet_id, out);
    put_outcome(packet.reason, packet.properties, version, out);
  });
}

uint8_t options_byte(const SubscriptionOptions& options, Version version) {
  unsigned raw = unsigned(options.qos);
  if (version == Version::v5) {
    raw |= (options.no_local ? 0x04 : 0) | (options.retain_as_published ? 0x08 : 0) |
           unsigned{options.retain_handling} << 4;
  }
  return static_cast<uint8_t>(raw);
}

void put(const Subscribe& packet, Version version, Bytes& out) {
  put_packet(PacketType::subscribe, 2, out, [&] {
    put_u16(packet.packet_id, out);
    put_properties(packet.properties, version, out);
    for (const Subscribe::Entry& entry : packet.entries) {
      put_string(entry.filter, out);
      put_u8(options_byte(entry.options, version), out);
    }
  });
}

void put(const Suback& packet, Version version, Bytes& out) {
  put_packet(PacketType::suback, 0, out, [&] {
    put_u16(packet.packet_id, out);
    put_properties(packet.properties, version, out);
    for (const Reason reason : packet.reasons) {
      const bool failure = reason >= Reason::unspecified_error;
      const Reason said = failure && version != Version::v5 ? Reason::unspecified_error : reason;
      put_u8(static_cast<uint8_t>(said), out);
    }
  });
}

void put(const Unsubscribe& packet, Version version, Bytes& out) {
  put_packet(PacketType::unsubscribe, 2, out, [&] {
    put_u16(packet.packet_id, out);
    put_properties(packet.properties, version, out);
    for (const BytesView filter : packet.filters) put_string(filter, out);
  });
}

void put(const Unsuback& packet, Version version, Bytes& out) {
  put_packet(PacketType::unsuback, 0, out, [&] {
    put_u16(packet.packet_id, out);
    put_properties(packet.properties, version, out);
    if (version != Version::v5) return;
    for (const Reason reason : packet.reasons) put_u8(static_cast<uint8_t>(reason), out);
  });
}

void put(const Pingreq&, Version, Bytes& out) {
  put_packet(PacketType::pingreq, 0, out, [] {});
}
void put(const Pingresp&, Version, Bytes& out) {
  put_packet(PacketType::pingresp, 0, out, [] {});
}

void put(const Disconnect& packet, Version version, Bytes& out) {
  put_packet(PacketType::disconnect, 0, out,
             [&] { put_outcome(packet.reason, packet.properties, version, out); });
}

void put(const Auth& packet, Version version, Bytes& out) {
  if (version != Version::v5) return;
  put_packet(PacketType::auth, 0, out, [&] {
    if (packet == Auth{}) return;
    put_u8(static_cast<uint8_t>(packet.reason), out);
    put_properties(packet.properties, version, out);
  });
}

}  // namespace

void encode(const Packet& packet, Version version, Bytes& out) {
  std::visit([&](const auto& one) { put(one, version, out); }, packet);
}

void encode_acknowledgement(Version version, PacketType type, uint16_t packet_id, Reason reason,
                            Bytes& out) {
  const bool plain = version != Version::v5 || reason == Reason::success;
  const char raw[] = {static_cast<char>(uint8_t(type) << 4 | (type == PacketType::pubrel ? 2 : 0)),
                      static_cast<char>(plain ? 2 : 3), static_cast<char>(packet_id >> 8),
                      static_cast<char>(packet_id), static_cast<char>(reason)};
  out.append(raw, plain ? 4 : 5);
}

}  // namespace muster::mqtt
