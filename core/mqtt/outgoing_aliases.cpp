#include "core/mqtt/outgoing_aliases.hpp"

#include "core/base/check.hpp"
#include "core/mqtt/property_table.hpp"
#include "core/mqtt/reader.hpp"
#include "core/mqtt/writer.hpp"

namespace muster::mqtt {
namespace {

constexpr size_t alias_size = 3;  // identifier and value

struct Parts {
  char first;
  BytesView topic;
  BytesView packet_id;
  BytesView properties;
  BytesView payload;
};

Parts take_apart(BytesView publish) {
  Parts parts{};
  parts.first = publish[0];
  size_t at = 1;
  while (publish[at++] & '\x80') {
  }
  Reader reader(publish.substr(at));
  parts.topic = reader.binary();
  if (parts.first & 0x06) {
    parts.packet_id = reader.rest().substr(0, 2);
    reader.u16();
  }
  parts.properties = reader.properties();
  parts.payload = reader.take_rest();
  MUSTER_CHECK(reader.ok() && !parts.topic.empty());
  return parts;
}

void put(const Parts& parts, size_t remaining, uint16_t alias, Bytes& out) {
  put_u8(static_cast<uint8_t>(parts.first), out);
  put_varint(remaining, out);
  put_string(parts.topic, out);
  out.append(parts.packet_id);
  put_varint(parts.properties.size() + alias_size, out);
  put_u8(static_cast<uint8_t>(PropertyId::topic_alias), out);
  put_u16(alias, out);
  out.append(parts.properties);
  out.append(parts.payload);
}

}  // namespace

void OutgoingAliases::append(BytesView publish, size_t tail, size_t largest, Bytes& out) {
  Parts parts = take_apart(publish);
  const auto known = topics_.find(parts.topic);
  if (known == topics_.end() && topics_.size() >= maximum_) {
    out.append(publish);
    return;
  }
  const BytesView topic = parts.topic;
  if (known != topics_.end()) parts.topic = {};
  const size_t property_size = parts.properties.size() + alias_size;
  const size_t remaining = 2 + parts.topic.size() + parts.packet_id.size() +
                           varint_size(static_cast<uint32_t>(property_size)) + property_size +
                           parts.payload.size() + tail;
  if (remaining > varint_maximum ||
      1 + varint_size(static_cast<uint32_t>(remaining)) + remaining > largest) {
    out.append(publish);
    return;
  }
  const auto alias =
      known != topics_.end() ? known->second : static_cast<uint16_t>(topics_.size() + 1);
  put(parts, remaining, alias, out);
  if (known == topics_.end()) topics_.emplace(topic, alias);
}

}  // namespace muster::mqtt
