// Any bytes, read as a stream of packets in every version from every sender: nothing crashes, what
// decodes encodes and decodes to the same, and the doors beside decode() say the same.

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {
namespace {

constexpr size_t maximum = 1'000'000;

Expected<Packet, Reason> decode_whole(BytesView bytes, Version version, Sender sender) {
  size_t needed = 0;
  auto frame = next_frame(bytes, largest_packet_size, needed);
  MUSTER_CHECK(frame && frame->whole.size() == bytes.size());
  return decode(*frame, version, sender);
}

void check_survives(const Packet& packet, Version version, Sender sender) {
  if (const auto* connect = std::get_if<Connect>(&packet)) version = connect->version;
  Bytes once;
  encode(packet, version, once);
  auto again = decode_whole(once, version, sender);
  MUSTER_CHECK(again && *again == packet);
  Bytes twice;
  encode(*again, version, twice);
  MUSTER_CHECK(once == twice);
}

void check_publish(const Frame& frame, Version version, Sender sender,
                   const Expected<Packet, Reason>& packet) {
  auto view = decode_publish(frame, version, sender);
  MUSTER_CHECK(view.has_value() == packet.has_value());
  if (!view) {
    MUSTER_CHECK(view.error() == packet.error());
    return;
  }
  const auto& publish = std::get<Publish>(*packet);
  MUSTER_CHECK(view->topic == publish.topic && view->payload == publish.payload);
  MUSTER_CHECK(view->qos == publish.qos && view->packet_id == publish.packet_id);
  MUSTER_CHECK(view->topic_alias == publish.properties.topic_alias.value_or(0));
  MUSTER_CHECK(view->message_expiry ==
               publish.properties.message_expiry_interval.value_or(UINT32_MAX));
  Bytes forwarded;
  forwardable_properties(view->properties, forwarded);
  MUSTER_CHECK((forwarded == view->properties) == view->forwardable);
  if (publish.topic.empty()) return;  // an alias alone is not forwarded
  Bytes bytes;
  encode_publish(version, publish.topic, publish.payload, forwarded, publish.qos, publish.retain,
                 publish.dup, publish.packet_id, bytes);
  auto delivered = decode_whole(bytes, version, Sender::server);
  MUSTER_CHECK(delivered);
  Publish expected = publish;
  expected.properties.topic_alias.reset();
  expected.properties.subscription_identifiers.clear();
  MUSTER_CHECK(*delivered == Packet(expected));
}

void check_acknowledgement(const Frame& frame, Version version,
                           const Expected<Packet, Reason>& packet) {
  auto view = decode_acknowledgement(frame, version);
  MUSTER_CHECK(view.has_value() == packet.has_value());
  if (!view) {
    MUSTER_CHECK(view.error() == packet.error());
    return;
  }
  const auto& full = std::get<Acknowledgement>(*packet);
  MUSTER_CHECK(view->packet_id == full.packet_id && view->reason == full.reason);
}

void read_stream(BytesView input, Version version, Sender sender) {
  while (true) {
    size_t needed = 0;
    auto frame = next_frame(input, maximum, needed);
    if (!frame || frame->whole.empty()) return;
    MUSTER_CHECK(frame->whole.size() == needed);
    input.remove_prefix(needed);
    auto packet = decode(*frame, version, sender);
    if (packet) check_survives(*packet, version, sender);
    if (frame->type == PacketType::publish) check_publish(*frame, version, sender, packet);
    if (frame->type >= PacketType::puback && frame->type <= PacketType::pubcomp) {
      check_acknowledgement(*frame, version, packet);
    }
    if (frame->type == PacketType::connect) connect_version(*frame);
  }
}

}  // namespace
}  // namespace muster::mqtt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster::mqtt;
  const muster::BytesView input(reinterpret_cast<const char*>(data), size);
  for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
    for (const Sender sender : {Sender::client, Sender::server}) {
      read_stream(input, version, sender);
    }
  }
  return 0;
}
