// Properties as one value, to and from their bytes: everything follows from the type of the member.

#include "core/mqtt/codec.hpp"
#include "core/mqtt/decoders.hpp"
#include "core/mqtt/property_reader.hpp"
#include "core/mqtt/writer.hpp"

namespace muster::mqtt {
namespace {

using Pair = std::pair<BytesView, BytesView>;

template <class Number>
void store(const PropertyReader& from, std::optional<Number>& member) {
  member = static_cast<Number>(from.number());
}
void store(const PropertyReader& from, std::optional<BytesView>& member) {
  member = from.text();
}
void store(const PropertyReader& from, std::vector<uint32_t>& member) {
  member.push_back(from.number());
}
void store(const PropertyReader& from, std::vector<Pair>& member) {
  member.emplace_back(from.text(), from.second());
}

void put(uint8_t value, Bytes& out) {
  put_u8(value, out);
}
void put(uint16_t value, Bytes& out) {
  put_u16(value, out);
}
void put(uint32_t value, Bytes& out) {
  put_u32(value, out);
}
void put(BytesView value, Bytes& out) {
  put_string(value, out);
}

template <class Value>
void put_property(PropertyId id, const std::optional<Value>& member, Bytes& out) {
  if (!member) return;
  put_u8(static_cast<uint8_t>(id), out);
  put(*member, out);
}
void put_property(PropertyId id, const std::vector<uint32_t>& member, Bytes& out) {
  for (const uint32_t value : member) {
    put_u8(static_cast<uint8_t>(id), out);
    put_varint(value, out);
  }
}
void put_property(PropertyId id, const std::vector<Pair>& member, Bytes& out) {
  for (const auto& [name, value] : member) {
    put_u8(static_cast<uint8_t>(id), out);
    put_string(name, out);
    put_string(value, out);
  }
}

void forward_properties(BytesView raw, std::optional<uint32_t> message_expiry, Bytes& out) {
  PropertyReader reader(raw, carrier(PacketType::publish), Sender::server);
  while (reader.next()) {
    if (reader.id() == PropertyId::topic_alias) continue;
    if (reader.id() == PropertyId::subscription_identifier) continue;
    if (reader.id() == PropertyId::message_expiry_interval && message_expiry) {
      put_property(reader.id(), message_expiry, out);
    } else {
      out.append(reader.whole());
    }
  }
}

}  // namespace

void read_properties(Reader& body, Carriers carrier, Sender sender, Properties& into) {
  const BytesView raw = body.properties();
  if (raw.empty()) return;
  const Reason fault = parse_properties(raw, carrier, sender, into);
  body.require(fault == Reason::success, fault);
}

Reason parse_properties(BytesView raw, Carriers carrier, Sender sender, Properties& into) {
  PropertyReader reader(raw, carrier, sender);
  while (reader.next()) {
    visit_members(into, [&](PropertyId id, auto& member) {
      if (id == reader.id()) store(reader, member);
    });
  }
  return reader.error();
}

void encode_properties(const Properties& properties, Bytes& out) {
  visit_members(properties,
                [&](PropertyId id, const auto& member) { put_property(id, member, out); });
}

Expected<Properties, Reason> decode_publish_properties(BytesView raw, Sender sender) {
  Properties properties;
  const Reason fault = parse_properties(raw, carrier(PacketType::publish), sender, properties);
  if (fault != Reason::success) return Unexpected{fault};
  return properties;
}

void forwardable_properties(BytesView raw, Bytes& out) {
  forward_properties(raw, std::nullopt, out);
}

void forwardable_properties(BytesView raw, uint32_t message_expiry, Bytes& out) {
  forward_properties(raw, message_expiry, out);
}

void restamp_message_expiry(Bytes& publish, uint32_t message_expiry) {
  size_t at = 1;
  while (publish[at++] & '\x80') {
  }
  Reader body(BytesView(publish).substr(at));
  body.binary();
  if (publish[0] & 0x06) body.u16();
  PropertyReader reader(body.properties(), carrier(PacketType::publish), Sender::server);
  while (reader.next()) {
    if (reader.id() != PropertyId::message_expiry_interval) continue;
    Bytes value;
    put_u32(message_expiry, value);
    const auto place = static_cast<size_t>(reader.whole().data() + 1 - publish.data());
    publish.replace(place, value.size(), value);
    return;
  }
}

}  // namespace muster::mqtt
