#include <algorithm>

#include "core/mqtt/codec.hpp"

namespace muster::mqtt {

Expected<Frame, Reason> next_frame(BytesView input, size_t maximum_packet_size, size_t& needed) {
  constexpr size_t length_bytes = 4;
  Frame frame{};
  needed = 0;
  if (input.empty()) return frame;
  const auto first = static_cast<uint8_t>(input[0]);
  frame.type = static_cast<PacketType>(first >> 4);
  frame.flags = first & 0x0F;
  if (first >> 4 == 0) return Unexpected{Reason::malformed_packet};  // 2.1.2

  size_t length = 0;
  size_t at = 1;
  while (true) {
    if (at == input.size()) return frame;
    const auto part = static_cast<uint8_t>(input[at]);
    length |= size_t{part & 0x7Fu} << 7 * (at - 1);
    ++at;
    if (part < 0x80) {
      if (part == 0 && at > 2) return Unexpected{Reason::malformed_packet};  // 1.5.5-1
      break;
    }
    if (at > length_bytes) return Unexpected{Reason::malformed_packet};  // 1.5.5
  }

  needed = at + length;
  if (needed > std::min(maximum_packet_size, largest_packet_size)) {
    return Unexpected{Reason::packet_too_large};  // 3.1.2-24
  }
  if (input.size() < needed) return frame;
  frame.whole = input.substr(0, needed);
  frame.body = frame.whole.substr(at);
  return frame;
}

}  // namespace muster::mqtt
