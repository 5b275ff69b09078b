#include "clients/bench/template.hpp"

#include <cstring>

#include "core/base/check.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::clients::bench {

PublishTemplate::PublishTemplate(mqtt::Version version, BytesView topic, const Payload& payload,
                                 mqtt::Qos qos, bool retain) {
  const uint16_t id = qos == mqtt::Qos::at_most_once ? 0 : 1;
  const BytesView pattern = payload.pattern();
  MUSTER_CHECK(mqtt::encode_publish(version, topic, pattern, {}, qos, retain, false, id, packet_));
  payload_at_ = packet_.size() - pattern.size();
  const size_t properties = version == mqtt::Version::v5 ? 1 : 0;  // their length, which is 0
  if (id != 0) id_at_ = payload_at_ - properties - sizeof id;
}

void PublishTemplate::write(char* to, const Payload& payload, const Stamp& stamp,
                            uint16_t packet_id) const {
  std::memcpy(to, packet_.data(), packet_.size());
  if (id_at_ != 0) {
    to[id_at_] = static_cast<char>(packet_id >> 8);
    to[id_at_ + 1] = static_cast<char>(packet_id);
  }
  payload.stamp(to + payload_at_, stamp);
}

}  // namespace muster::clients::bench
