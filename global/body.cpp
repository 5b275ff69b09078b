#include "global/body.hpp"

#include <cstring>
#include <utility>

namespace muster::global {

LocalPtr<Body> make_body(wire::Publication publication) {
  const bool small = publication.bytes() < wire::large_text_bytes;
  const size_t tail = small ? wire::bytes_to_own(publication) : 0;
  auto body = LocalPtr<Body>::make(tail);
  body->bytes = static_cast<uint32_t>(publication.bytes() - publication.publisher.size());
  body->durability = publication.durability;
  body->publication = std::make_unique<wire::Publication>(std::move(publication));
  if (small) {
    wire::own_at(body.tail(), *body->publication);
  } else {
    wire::own(*body->publication);
  }
  return body;
}

LocalPtr<Body> make_body(const wire::PublishRun& from, BytesView packet,
                         const mqtt::PlainPacket& plain) {
  const BytesView publisher = from.publisher;
  auto body = LocalPtr<Body>::make(packet.size() + publisher.size());
  char* const tail = body.tail();
  std::memcpy(tail, packet.data(), packet.size());
  publisher.copy(tail + packet.size(), publisher.size());
  body->bytes = static_cast<uint32_t>(plain.topic.size()) + plain.payload;
  body->durability = from.durability;
  body->v5 = from.v5;
  body->packet = {tail, packet.size()};
  body->publisher = {tail + packet.size(), publisher.size()};
  body->published_ms = from.published_ms;
  return body;
}

wire::Publication Body::borrowed() const {
  wire::Publication as;
  if (publication) {
    wire::borrow(*publication, as);
    return as;
  }
  const auto text = [](BytesView view) { return Slice(SharedBuffer(), view); };
  const mqtt::PlainPacket plain =
      mqtt::plain_packet(packet, mqtt::version_of(v5), packet.size(), mqtt::any_qos);
  as.topic = text(plain.topic);
  as.payload = text(plain.payload_of(packet));
  as.qos = static_cast<uint8_t>(static_cast<uint8_t>(packet[0]) >> 1 & 3);
  as.publisher = text(publisher);
  as.published_ms = published_ms;
  as.durability = durability;
  return as;
}

}  // namespace muster::global
