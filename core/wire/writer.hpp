#pragma once
// Writes MessagePack, each value in its shortest form. Inside core/wire only. By hand, as it is
// read (heads.cpp).

#include <cstdint>
#include <vector>

#include "core/base/endian.hpp"
#include "core/base/gather.hpp"
#include "core/wire/item.hpp"

namespace muster::wire {

class Writer {
 public:
  // `elsewhere`, if there is one, names large texts, which are not copied.
  Writer(Bytes& out, std::vector<Elsewhere>* elsewhere)
      : out_(out), gather_(out), elsewhere_(elsewhere) {}

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void number(uint64_t value) { value < 0x80 ? byte(value) : sized(0xcc, 0xcd, 0xce, 0xcf, value); }
  void integer(int64_t value) {
    if (value >= 0) return number(static_cast<uint64_t>(value));
    const auto bits = static_cast<uint64_t>(value);
    if (value >= -32) return byte(bits);
    if (value >= INT8_MIN) return headed(0xd0, static_cast<uint8_t>(bits));
    if (value >= INT16_MIN) return headed(0xd1, static_cast<uint16_t>(bits));
    if (value >= INT32_MIN) return headed(0xd2, static_cast<uint32_t>(bits));
    headed(0xd3, bits);
  }
  void str(BytesView text) {
    const size_t size = text.size();
    size < 32 ? byte(0xa0 | size) : sized(0xd9, 0xda, 0xdb, 0xdb, size);
    append(text);
  }
  void bin(BytesView bytes) {
    sized(0xc4, 0xc5, 0xc6, 0xc6, bytes.size());
    append(bytes);
  }
  void array(uint32_t size) { size < 16 ? byte(0x90 | size) : sized(0, 0xdc, 0xdd, 0, size); }
  void map(uint32_t size) { size < 16 ? byte(0x80 | size) : sized(0, 0xde, 0xdf, 0, size); }
  // What is encoded already.
  void append(BytesView bytes) {
    if (elsewhere_ && bytes.size() >= large_text_bytes) {
      gather_.flush();
      elsewhere_->push_back({out_.size(), bytes});
    } else {
      gather_.append(bytes);
    }
  }

 private:
  void byte(uint64_t value) { gather_.byte(value); }
  template <class Number>
  void headed(uint8_t head, Number number) {
    char* const at = gather_.room_for(1 + sizeof number);
    *at = static_cast<char>(head);
    put_big_endian(at + 1, number);
    gather_.wrote(1 + sizeof number);
  }
  // Behind the head that says how many bytes it takes; 0: there is none for so few.
  void sized(uint8_t in1, uint8_t in2, uint8_t in4, uint8_t in8, uint64_t value) {
    if (value <= UINT8_MAX && in1 != 0) return headed(in1, static_cast<uint8_t>(value));
    if (value <= UINT16_MAX) return headed(in2, static_cast<uint16_t>(value));
    if (value <= UINT32_MAX) return headed(in4, static_cast<uint32_t>(value));
    headed(in8, value);
  }

  Bytes& out_;
  Gather gather_;
  std::vector<Elsewhere>* elsewhere_;
};

}  // namespace muster::wire
