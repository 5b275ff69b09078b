#pragma once
// The PUBLISH of one topic, encoded once: to send it again is a copy and a few stamps.

#include <cstdint>

#include "clients/bench/payload.hpp"
#include "core/base/bytes.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::clients::bench {

class PublishTemplate {
 public:
  PublishTemplate(mqtt::Version version, BytesView topic, const Payload& payload, mqtt::Qos qos,
                  bool retain);

  size_t size() const { return packet_.size(); }
  // Writes size() bytes to `to`. The packet identifier is left out at QoS 0.
  void write(char* to, const Payload& payload, const Stamp& stamp, uint16_t packet_id) const;

 private:
  Bytes packet_;
  size_t id_at_ = 0;  // 0: there is none
  size_t payload_at_ = 0;
};

}  // namespace muster::clients::bench
