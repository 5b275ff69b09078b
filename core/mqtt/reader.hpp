#pragma once
// A cursor over the body of one packet that reads MQTT's data types (section 1.5). The first fault
// sticks: everything read after it is zero or empty, so a decoder asks once, at its end. Local to
// one decoder.

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::mqtt {

class Reader {
 public:
  explicit Reader(BytesView bytes) : rest_(bytes) {}

  uint8_t u8() {
    const BytesView raw = take(1);
    return raw.empty() ? 0 : byte(raw, 0);
  }
  uint16_t u16() {
    const BytesView raw = take(2);
    return raw.empty() ? 0 : static_cast<uint16_t>(byte(raw, 0) << 8 | byte(raw, 1));
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }

  // Variable Byte Integer: one to four bytes, no more than needed (1.5.5-1).
  uint32_t varint() {
    uint32_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const uint8_t part = u8();
      value |= uint32_t{part & 0x7Fu} << shift;
      if (part < 0x80) {
        if (part == 0 && shift > 0) fail(Reason::malformed_packet);
        return value;
      }
    }
    fail(Reason::malformed_packet);
    return 0;
  }

  BytesView binary() { return take(u16()); }

  BytesView utf8() {
    const BytesView text = binary();
    if (!valid_utf8(text)) fail(Reason::malformed_packet);  // 1.5.4-1, 1.5.4-2
    return text;
  }

  // A property section: its length, then that many bytes (2.2.2).
  BytesView properties() { return take(varint()); }

  BytesView take(size_t count) {
    if (count > rest_.size()) fail(Reason::malformed_packet);
    if (!ok()) return {};
    const BytesView taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  BytesView take_rest() { return take(rest_.size()); }

  void fail(Reason reason) {
    if (!ok()) return;
    error_ = reason;
    rest_ = {};
  }
  void require(bool condition, Reason otherwise) {
    if (!condition) fail(otherwise);
  }

  BytesView rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }  // also after a fault, so that loops end
  bool ok() const { return error_ == Reason::success; }
  Reason error() const { return error_; }

 private:
  static uint8_t byte(BytesView raw, size_t index) { return static_cast<uint8_t>(raw[index]); }

  BytesView rest_;
  Reason error_ = Reason::success;
};

}  // namespace muster::mqtt
