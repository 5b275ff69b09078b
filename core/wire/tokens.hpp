#pragma once
// MessagePack bytes as a flat list of tokens, checked as a whole before anybody reads them. Inside
// core/wire only. Nothing is allocated by a claimed length: a token exists only if its bytes do.
// A token's text points into the input.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"

namespace muster::wire {

constexpr size_t nesting_limit = 16;
constexpr size_t token_limit = 1 << 24;  // a message: values, array and map heads together

struct Token {
  enum class Kind : uint8_t { nil, boolean, positive, negative, text, array, map, other };
  Kind kind;
  uint32_t size;  // text: bytes; array: elements; map: pairs
  union {
    uint64_t number;  // boolean, positive; negative: as two's complement
    const char* text;
    uint64_t end;  // array, map: index of the token behind it
  };
};

// Parses the value that starts at `offset` and moves `offset` behind it. False: malformed, cut off
// or over a limit.
bool parse_tokens(BytesView bytes, size_t& offset, std::vector<Token>& tokens);

}  // namespace muster::wire
