#pragma once
// Which packet may carry which reason code (table 2-6 of MQTT 5.0). For the decoder only.

#include <cstdint>

#include "core/mqtt/packet.hpp"

namespace muster::mqtt {

bool may_carry(PacketType packet, uint8_t code);

}  // namespace muster::mqtt
