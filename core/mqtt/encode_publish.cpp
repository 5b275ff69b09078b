#include <cstring>

#include "core/mqtt/codec.hpp"
#include "core/mqtt/writer.hpp"

namespace muster::mqtt {

bool encode_publish_head(Version version, BytesView topic, size_t payload_size,
                         BytesView properties, Qos qos, bool retain, bool dup, uint16_t packet_id,
                         Bytes& out) {
  MUSTER_CHECK(topic.size() <= UINT16_MAX);
  const bool v5 = version == Version::v5;
  const bool identified = qos != Qos::at_most_once;
  if (!v5) properties = {};
  if (properties.size() > varint_maximum) return false;  // with what was added to them
  const auto property_size = static_cast<uint32_t>(properties.size());
  const size_t remaining = 2 + topic.size() + (identified ? 2 : 0) +
                           (v5 ? varint_size(property_size) + properties.size() : 0) +
                           payload_size;
  if (remaining > varint_maximum) return false;

  char head[7];  // first byte, Remaining Length, size of the topic
  head[0] = static_cast<char>(uint8_t(PacketType::publish) << 4 | (dup ? 8 : 0) |
                              uint8_t(qos) << 1 | (retain ? 1 : 0));
  size_t head_size = 1 + write_varint(static_cast<uint32_t>(remaining), head + 1);
  head[head_size++] = static_cast<char>(topic.size() >> 8);
  head[head_size++] = static_cast<char>(topic.size());
  char middle[6];  // packet identifier, property length
  size_t middle_size = 0;
  if (identified) {
    middle[middle_size++] = static_cast<char>(packet_id >> 8);
    middle[middle_size++] = static_cast<char>(packet_id);
  }
  if (v5) middle_size += write_varint(property_size, middle + middle_size);

  out.append(head, head_size);
  out.append(topic);
  out.append(middle, middle_size);
  out.append(properties);
  return true;
}

bool encode_publish(Version version, BytesView topic, BytesView payload, BytesView properties,
                    Qos qos, bool retain, bool dup, uint16_t packet_id, Bytes& out) {
  constexpr size_t fixed = 7 + 6;  // head and middle
  out.reserve(out.size() + fixed + topic.size() + properties.size() + payload.size());
  if (!encode_publish_head(version, topic, payload.size(), properties, qos, retain, dup, packet_id,
                           out)) {
    return false;
  }
  out.append(payload);
  return true;
}

}  // namespace muster::mqtt
