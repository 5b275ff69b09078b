#pragma once
// Writes MessagePack, each value in its shortest form. Inside core/wire only. By hand, as it is
// read (heads.cpp): a message has a dozen heads of a byte or two, which are gathered here and
// appended together.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/item.hpp"

namespace muster::wire {

class Writer {
 public:
  // `elsewhere`, if there is one, names large texts, which are not copied.
  Writer(Bytes& out, std::vector<Elsewhere>* elsewhere) : out_(out), elsewhere_(elsewhere) {}
  ~Writer() { flush(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void nil() { byte(0xc0); }
  void boolean(bool value) { byte(value ? 0xc3 : 0xc2); }
  void number(uint64_t value) { value < 0x80 ? byte(value) : sized(0xcc, 0xcd, 0xce, 0xcf, value); }
  void integer(int64_t value) {
    if (value >= 0) return number(static_cast<uint64_t>(value));
    const auto bits = static_cast<uint64_t>(value);
    if (value >= -32) return byte(bits);
    if (value >= INT8_MIN) return big_endian(0xd0, bits, 1);
    if (value >= INT16_MIN) return big_endian(0xd1, bits, 2);
    if (value >= INT32_MIN) return big_endian(0xd2, bits, 4);
    big_endian(0xd3, bits, 8);
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
    if (bytes.empty()) return;
    if (bytes.size() > gathered_.size() - count_) flush();
    if (bytes.size() <= gathered_.size()) {
      std::memcpy(gathered_.data() + count_, bytes.data(), bytes.size());
      count_ += bytes.size();
    } else if (elsewhere_ && bytes.size() >= large_text_bytes) {
      elsewhere_->push_back({out_.size(), bytes});
    } else {
      out_.append(bytes);
    }
  }

 private:
  void flush() { out_.append(gathered_.data(), std::exchange(count_, 0)); }

  void byte(uint64_t value) {
    if (count_ == gathered_.size()) flush();
    gathered_[count_++] = static_cast<char>(value);
  }
  void big_endian(uint8_t head, uint64_t value, int bytes) {
    byte(head);
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) byte(value >> shift & 0xff);
  }
  // Behind the head that says how many bytes it takes; 0: there is none for so few.
  void sized(uint8_t in1, uint8_t in2, uint8_t in4, uint8_t in8, uint64_t value) {
    if (value <= UINT8_MAX && in1 != 0) return big_endian(in1, value, 1);
    if (value <= UINT16_MAX) return big_endian(in2, value, 2);
    if (value <= UINT32_MAX) return big_endian(in4, value, 4);
    big_endian(in8, value, 8);
  }

  Bytes& out_;
  std::vector<Elsewhere>* elsewhere_;
  std::array<char, 256> gathered_;
  size_t count_ = 0;
};

}  // namespace muster::wire
