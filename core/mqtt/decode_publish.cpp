#include "core/mqtt/codec.hpp"
#include "core/mqtt/property_reader.hpp"
#include "core/mqtt/reader.hpp"

namespace muster::mqtt {
namespace {

Reason read_properties(Sender sender, PublishView& view) {
  PropertyReader reader(view.properties, carrier(PacketType::publish), sender);
  while (reader.next()) {
    switch (reader.id()) {
      case PropertyId::topic_alias:
        view.topic_alias = static_cast<uint16_t>(reader.number());
        view.forwardable = false;
        break;
      case PropertyId::subscription_identifier:
        view.forwardable = false;
        break;
      case PropertyId::message_expiry_interval:
        view.message_expiry = reader.number();
        break;
      default:
        break;
    }
  }
  return reader.error();
}

}  // namespace

Reason judge_topic(const PublishView& view) {
  if (valid_topic_name(view.topic)) return Reason::success;
  if (view.topic.empty()) {  // 3.3.2.1, 4.7.3-1
    return view.topic_alias != 0 ? Reason::success : Reason::protocol_error;
  }
  return valid_utf8(view.topic) ? Reason::topic_name_invalid  // 3.3.2-2
                                : Reason::malformed_packet;   // 1.5.4-1, 1.5.4-2
}

Expected<PublishView, Reason> decode_publish(const Frame& frame, Version version, Sender sender) {
  auto view = read_publish(frame, version, sender);
  if (!view) return view;
  const Reason fault = judge_topic(*view);
  if (fault != Reason::success) return Unexpected{fault};
  return view;
}

Expected<PublishView, Reason> read_publish(const Frame& frame, Version version, Sender sender) {
  PublishView view;
  const unsigned qos = frame.flags >> 1 & 3;
  view.qos = static_cast<Qos>(qos);
  view.retain = (frame.flags & 1) != 0;
  view.dup = (frame.flags & 8) != 0;
  Reader reader(frame.body);
  reader.require(qos < 3, Reason::malformed_packet);               // 3.3.1-4
  reader.require(qos > 0 || !view.dup, Reason::malformed_packet);  // 3.3.1-2
  view.topic = reader.binary();
  if (qos > 0) {
    view.packet_id = reader.u16();
    reader.require(view.packet_id != 0, Reason::protocol_error);  // 2.2.1-3
  }
  if (version == Version::v5) view.properties = reader.properties();
  view.payload = reader.take_rest();
  if (reader.ok() && !view.properties.empty()) {
    const Reason fault = read_properties(sender, view);
    reader.require(fault == Reason::success, fault);
  }
  if (!reader.ok()) return Unexpected{reader.error()};
  return view;
}

}  // namespace muster::mqtt
