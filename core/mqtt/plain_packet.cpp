#include "core/mqtt/plain_packet.hpp"

namespace muster::mqtt {

std::optional<PlainRun> read_plain_run(BytesView packets, Version version) {
  PlainRun run{packets, {}, version};
  for (BytesView rest = packets; !rest.empty(); ++run.count) {
    const PlainPacket packet = plain_packet(rest, version, rest.size(), any_qos);
    if (packet.size == 0) return std::nullopt;
    if (run.count == 0) {
      run.topic = packet.topic;
      run.qos = static_cast<Qos>(static_cast<uint8_t>(rest[0]) >> 1 & 3);
      if (run.qos > Qos::exactly_once) return std::nullopt;
    }
    if (rest[0] != packets[0] || !packet.has_topic(run.topic)) return std::nullopt;
    run.payload += packet.payload;
    rest.remove_prefix(packet.size);
  }
  if (run.count == 0) return std::nullopt;
  return run;
}

}  // namespace muster::mqtt
