#pragma once
// Values as global stores them: fields one after the other. A reader that meets the end of the
// value reads defaults, and leaves alone what stands behind its last field, so that a field can be
// added at the end without a new format. Pure, any thread.
//
// Numbers are LEB128, signed ones zigzag; texts carry their length. Damage is the store's to find.

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/gather.hpp"

namespace muster::global {

class Writer {
 public:
  Writer& number(uint64_t value) {
    char* const begin = gather_.room_for(longest_number);
    char* at = begin;
    for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
    *at++ = static_cast<char>(value);
    gather_.wrote(static_cast<size_t>(at - begin));
    return *this;
  }
  Writer& integer(int64_t value) {
    return number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  Writer& text(BytesView value) {
    number(value.size());
    gather_.append(value);
    return *this;
  }
  Bytes take() {
    gather_.flush();
    return std::move(bytes_);
  }
  BytesView view() {
    gather_.flush();
    return bytes_;
  }
  void clear() {  // keeps its memory for the next record
    gather_.flush();
    bytes_.clear();
  }

 private:
  static constexpr size_t longest_number = 10;  // bytes

  Bytes bytes_;
  Gather gather_{bytes_};
};

class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}

  uint64_t number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
      if (rest_.empty()) bad_ = true;
    }
    return value;
  }
  int64_t integer() {
    const uint64_t value = number();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  BytesView text() {
    const uint64_t size = number();
    if (size > rest_.size()) {
      bad_ = true;
      rest_ = {};
      return {};
    }
    const BytesView value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }
  // The record is shorter than it says.
  bool bad() const { return bad_; }
  bool at_end() const { return rest_.empty(); }

 private:
  BytesView rest_;
  bool bad_ = false;
};

}  // namespace muster::global
