#include "clients/bench/payload.hpp"

#include <cstring>

#include "core/base/check.hpp"

namespace muster::clients::bench {
namespace {

constexpr size_t tail = sizeof(uint32_t);

}  // namespace

Payload::Payload(size_t size) : pattern_(size, '\0') {
  MUSTER_CHECK(size >= smallest_payload);
  for (size_t i = 0; i < size; ++i) pattern_[i] = static_cast<char>(i * 131 + (i >> 8) + 7);
}

void Payload::stamp(char* payload, const Stamp& stamp) const {
  const int64_t sent = stamp.sent.count();
  std::memcpy(payload, &stamp.stream, 4);
  std::memcpy(payload + 4, &stamp.number, 4);
  std::memcpy(payload + 8, &sent, 8);
  const size_t size = pattern_.size();
  if (size >= smallest_payload + tail) std::memcpy(payload + size - tail, &stamp.number, tail);
}

bool Payload::read(BytesView payload, Stamp& stamp) const {
  if (payload.size() != pattern_.size()) return false;
  int64_t sent = 0;
  std::memcpy(&stamp.stream, payload.data(), 4);
  std::memcpy(&stamp.number, payload.data() + 4, 4);
  std::memcpy(&sent, payload.data() + 8, 8);
  stamp.sent = Nanos(sent);
  if (payload.size() < smallest_payload + tail) {
    return payload.substr(smallest_payload) == pattern().substr(smallest_payload);
  }
  const size_t end = payload.size() - tail;
  return std::memcmp(payload.data() + end, &stamp.number, tail) == 0 &&
         std::memcmp(payload.data() + smallest_payload, pattern_.data() + smallest_payload,
                     end - smallest_payload) == 0;
}

}  // namespace muster::clients::bench
