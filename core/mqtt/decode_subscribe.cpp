// SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (3.8 to 3.11).

#include "core/mqtt/decoders.hpp"

namespace muster::mqtt {
namespace {

BytesView read_filter(Reader& body) {
  const BytesView filter = body.utf8();
  body.require(valid_topic_filter(filter), Reason::topic_filter_invalid);  // 4.7, 4.8.2
  return filter;
}

SubscriptionOptions read_options(Reader& body, Version version) {
  const uint8_t raw = body.u8();
  SubscriptionOptions options;
  const unsigned qos = raw & 3;
  options.qos = static_cast<Qos>(qos);
  if (version != Version::v5) {  // 3.1.1: 3.8.3-4
    body.require(raw < 3, Reason::malformed_packet);
    return options;
  }
  options.no_local = (raw & 0x04) != 0;
  options.retain_as_published = (raw & 0x08) != 0;
  options.retain_handling = raw >> 4 & 3;
  body.require((raw & 0xC0) == 0, Reason::malformed_packet);          // 3.8.3-5
  body.require(qos < 3, Reason::protocol_error);                      // 3.8.3.1
  body.require(options.retain_handling < 3, Reason::protocol_error);  // 3.8.3.1
  return options;
}

std::vector<Reason> read_reasons(Reader& body, PacketType packet) {
  std::vector<Reason> reasons;
  reasons.reserve(body.rest().size());
  while (!body.at_end()) reasons.push_back(read_reason(body, packet));
  body.require(!reasons.empty(), Reason::protocol_error);  // one for each filter: 3.8.4-6, 3.11.3
  return reasons;
}

}  // namespace

Subscribe read_subscribe(Reader& body, Version version) {
  Subscribe packet;
  packet.packet_id = read_packet_id(body);
  if (version == Version::v5) {
    read_properties(body, carrier(PacketType::subscribe), Sender::client, packet.properties);
  }
  body.require(!body.at_end(), Reason::protocol_error);  // 3.8.3-2
  while (!body.at_end()) {
    Subscribe::Entry entry;
    entry.filter = read_filter(body);
    entry.options = read_options(body, version);
    const bool shared = entry.filter.substr(0, 7) == "$share/";
    body.require(!shared || !entry.options.no_local, Reason::protocol_error);  // 3.8.3-4
    packet.entries.push_back(entry);
  }
  return packet;
}

Suback read_suback(Reader& body, Version version) {
  Suback packet;
  packet.packet_id = read_packet_id(body);
  if (version == Version::v5) {
    read_properties(body, carrier(PacketType::suback), Sender::server, packet.properties);
  }
  packet.reasons = read_reasons(body, PacketType::suback);
  if (version != Version::v5) {  // 3.1.1: 3.9.3-2
    for (const Reason reason : packet.reasons) {
      body.require(reason <= Reason::unspecified_error, Reason::malformed_packet);
    }
  }
  return packet;
}

Unsubscribe read_unsubscribe(Reader& body, Version version) {
  Unsubscribe packet;
  packet.packet_id = read_packet_id(body);
  if (version == Version::v5) {
    read_properties(body, carrier(PacketType::unsubscribe), Sender::client, packet.properties);
  }
  body.require(!body.at_end(), Reason::protocol_error);  // 3.10.3-2
  while (!body.at_end()) packet.filters.push_back(read_filter(body));
  return packet;
}

Unsuback read_unsuback(Reader& body, Version version) {
  Unsuback packet;
  packet.packet_id = read_packet_id(body);
  if (version != Version::v5) return packet;
  read_properties(body, carrier(PacketType::unsuback), Sender::server, packet.properties);
  packet.reasons = read_reasons(body, PacketType::unsuback);
  return packet;
}

}  // namespace muster::mqtt
