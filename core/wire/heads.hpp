#pragma once
// MessagePack's heads, one by one: what a value is, and how much of it follows. Inside core/wire
// only. Nothing is copied or allocated.

#include <cstddef>
#include <cstdint>

namespace muster::wire {

struct Head {
  enum class Kind : uint8_t {
    nil,
    boolean,
    positive,
    negative,
    text,  // str or bin
    array,
    map,
    other,      // ext and float, which we never write
    malformed,  // cut off, or the byte that is never used
  };
  Kind kind = Kind::malformed;
  // boolean, positive; negative: as two's complement; text, other: bytes that follow; array: values
  // that follow; map: pairs.
  uint64_t number = 0;
};

// Of a value whose first byte says only what follows; moves `at` behind the head.
Head read_long_head(const char*& at, const char* end);

// Moves `at` behind the head.
inline Head read_head(const char*& at, const char* end) {
  if (at == end) return {};
  const auto byte = static_cast<uint8_t>(*at);
  if (byte >= 0xc0) return read_long_head(at, end);
  ++at;
  if (byte < 0x80) return {Head::Kind::positive, byte};
  if (byte < 0x90) return {Head::Kind::map, byte & 0x0Fu};
  if (byte < 0xa0) return {Head::Kind::array, byte & 0x0Fu};
  return {Head::Kind::text, byte & 0x1Fu};
}

// Moves `at` behind so many values with all that they hold. False: malformed.
bool skip(const char*& at, const char* end, uint64_t values);

}  // namespace muster::wire
