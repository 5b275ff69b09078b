#pragma once
// Numbers as bytes in a fixed order. Pure, any thread.

#include <cstddef>
#include <type_traits>

namespace muster {

// The compiler makes one move of each of these.
template <class Number>
void put_little_endian(char* at, Number number) {
  for (size_t i = 0; i < sizeof(Number); ++i) at[i] = static_cast<char>(number >> 8 * i);
}
template <class Number>
void put_big_endian(char* at, Number number) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    at[i] = static_cast<char>(number >> 8 * (sizeof(Number) - 1 - i));
  }
}
template <class Number>
Number little_endian_at(const char* at) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(at[i])) << 8 * i);
  }
  return number;
}
template <class Number>
Number big_endian_at(const char* at) {
  static_assert(std::is_unsigned_v<Number>);
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(static_cast<Number>(number << 7 << 1) |
                                 static_cast<unsigned char>(at[i]));
  }
  return number;
}

}  // namespace muster
