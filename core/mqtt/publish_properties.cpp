#include "core/mqtt/codec.hpp"
#include "core/mqtt/decoders.hpp"

namespace muster::mqtt {

Expected<Properties, Reason> decode_publish_properties(BytesView raw) {
  Properties properties;
  Reason reason = parse_properties(raw, carrier(PacketType::publish), Sender::client, properties);
  if (reason != Reason::success) return Unexpected{reason};
  return properties;
}

}  // namespace muster::mqtt
