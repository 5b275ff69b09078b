#pragma once
// Appends MQTT's data types (section 1.5) to a buffer. What does not fit a field is our own
// mistake: strings of more than 65,535 bytes and packets of more than 256 MiB never reach an
// encoder.

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"

namespace muster::mqtt {

constexpr uint32_t varint_maximum = 268'435'455;

inline void put_u8(uint8_t value, Bytes& out) {
  out.push_back(static_cast<char>(value));
}

inline void put_u16(uint16_t value, Bytes& out) {
  const char raw[] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  out.append(raw, sizeof raw);
}

inline void put_u32(uint32_t value, Bytes& out) {
  put_u16(static_cast<uint16_t>(value >> 16), out);
  put_u16(static_cast<uint16_t>(value), out);
}

// Writes a Variable Byte Integer to `to` (room for four bytes) and returns its size.
inline size_t write_varint(uint32_t value, char* to) {
  size_t size = 0;
  do {
    const uint32_t part = value & 0x7F;
    value >>= 7;
    to[size++] = static_cast<char>(value > 0 ? part | 0x80 : part);
  } while (value > 0);
  return size;
}

inline size_t varint_size(uint32_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

inline void put_varint(size_t value, Bytes& out) {
  MUSTER_CHECK(value <= varint_maximum);
  char raw[4];
  out.append(raw, write_varint(static_cast<uint32_t>(value), raw));
}

// A UTF-8 string or binary data: both are two bytes of length and the bytes.
inline void put_string(BytesView value, Bytes& out) {
  MUSTER_CHECK(value.size() <= UINT16_MAX);
  put_u16(static_cast<uint16_t>(value.size()), out);
  out.append(value);
}

// Puts the length of everything after `mark` in front of it.
inline void insert_length(size_t mark, Bytes& out) {
  const size_t size = out.size() - mark;
  MUSTER_CHECK(size <= varint_maximum);
  char raw[4];
  out.insert(mark, raw, write_varint(static_cast<uint32_t>(size), raw));
}

}  // namespace muster::mqtt
