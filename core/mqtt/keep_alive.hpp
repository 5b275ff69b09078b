#pragma once
// When a silent client is given up: after one and a half times its keep-alive interval (section
// 3.1.2.10). A pure function of times.

#include <cstdint>

#include "core/base/time.hpp"

namespace muster::mqtt {

// `last_packet`: when the client's last packet was read. 0 s turns the rule off.
inline Instant keep_alive_deadline(Instant last_packet, uint16_t keep_alive_s) {
  if (keep_alive_s == 0) return never;
  return last_packet + std::chrono::milliseconds(1500) * keep_alive_s;  // 3.1.2-22
}

}  // namespace muster::mqtt
