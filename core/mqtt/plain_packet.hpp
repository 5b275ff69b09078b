#pragma once
// A plain packet: a PUBLISH without DUP, RETAIN and properties, in not more than 16 KiB. It is
// nearly all that is published, and is sent on as it came but for its packet identifier. Plain
// packets that follow each other travel together, also from server to server. Pure functions.

#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::mqtt {

struct PlainPacket {
  size_t size = 0;  // 0: something else
  BytesView topic;
  uint32_t payload = 0;  // its size; it stands last
  uint32_t id_at = 0;    // 0: QoS 0
  uint16_t id = 0;

  // Always inline: it is asked for each packet of a run.
  [[gnu::always_inline]] bool has_topic(BytesView other) const {
    return topic.size() == other.size() &&
           std::memcmp(topic.data(), other.data(), other.size()) == 0;
  }
  BytesView payload_of(BytesView whole) const { return whole.substr(size - payload, payload); }
};

// Which bits of the first byte may be set: of what is just read, or of what was judged before.
constexpr int qos0_or_1 = 2;
constexpr int any_qos = 6;

// What `input` begins with. Lengths of one or two bytes; what is longer is not slower on the whole
// way. Always inline: a call costs 27 instructions a message.
[[gnu::always_inline]] inline PlainPacket plain_packet(BytesView input, Version version,
                                                       size_t maximum_packet_size, int qos_bits) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(input[at]); };
  const auto number = [&](size_t at) {
    return static_cast<uint16_t>(byte(at) << 8 | byte(at + 1));
  };
  if (input.size() < 4 || (byte(0) & ~qos_bits) != 0x30) return {};
  size_t length = byte(1);
  size_t at = 2;
  if (length >= 0x80) {
    if (byte(2) == 0 || byte(2) >= 0x80) return {};
    length = (length & 0x7F) | size_t{byte(2)} << 7;
    at = 3;
  }
  PlainPacket packet;
  const size_t size = at + length;
  if (size > input.size() || size > maximum_packet_size || length < 2) return {};
  const size_t topic = number(at);
  const size_t identifier = byte(0) == 0x30 ? 0 : 2;
  const size_t properties = version == Version::v5 ? 1 : 0;
  const size_t head = 2 + topic + identifier + properties;
  if (topic == 0 || length < head) return {};
  if (identifier > 0) {
    packet.id_at = static_cast<uint32_t>(at + 2 + topic);
    packet.id = number(packet.id_at);
    if (packet.id == 0) return {};
  }
  if (properties > 0 && byte(at + head - 1) != 0) return {};
  packet.size = size;
  packet.topic = {input.data() + at + 2, topic};
  packet.payload = static_cast<uint32_t>(length - head);
  return packet;
}

// Successive plain packets of one topic and QoS.
struct PlainRun {
  BytesView packets;
  BytesView topic;  // stands in the first of them
  Version version = Version::v3_1_1;
  Qos qos = Qos::at_most_once;
  uint32_t count = 0;
  uint32_t payload = 0;  // bytes, of all
};

// What another server says is one. Nothing: it is none.
std::optional<PlainRun> read_plain_run(BytesView packets, Version version);

// Calls visit(BytesView whole, const PlainPacket&) for each, up to what is no plain packet.
template <class Visit>
void for_each_plain(BytesView packets, Version version, Visit&& visit) {
  while (!packets.empty()) {
    const PlainPacket packet = plain_packet(packets, version, packets.size(), any_qos);
    if (packet.size == 0) return;
    visit(packets.substr(0, packet.size), packet);
    packets.remove_prefix(packet.size);
  }
}

// Servers only say which of the two forms packets have.
inline Version version_of(bool v5) {
  return v5 ? Version::v5 : Version::v3_1_1;
}

}  // namespace muster::mqtt
