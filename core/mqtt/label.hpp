#pragma once
// Label: a text of its own that is nearly always short, in 16 bytes; up to 15 characters need no
// other memory. Moved, not copied. For tables of millions of them. One thread.

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/bytes.hpp"

namespace muster::mqtt {

class Label {
 public:
  Label() = default;
  explicit Label(BytesView text) {
    if (text.size() <= short_size) {
      std::memcpy(bytes_.data(), text.data(), text.size());
      bytes_[short_size] = static_cast<char>(text.size());
      return;
    }
    const Long held{new char[text.size()], static_cast<uint32_t>(text.size())};
    std::memcpy(held.text, text.data(), text.size());
    std::memcpy(bytes_.data(), &held, sizeof(char*) + sizeof(uint32_t));
    bytes_[short_size] = long_mark;
  }
  Label(Label&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Label& operator=(Label&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Label() {
    if (is_long()) delete[] held().text;
  }

  BytesView view() const {
    if (is_long()) return {held().text, held().size};
    return {bytes_.data(), static_cast<size_t>(bytes_[short_size])};
  }

 private:
  struct Long {
    char* text;
    uint32_t size;
  };
  static constexpr size_t short_size = 15;
  static constexpr char long_mark = 16;

  bool is_long() const { return bytes_[short_size] == long_mark; }
  Long held() const {
    Long held{};
    std::memcpy(&held, bytes_.data(), sizeof(char*) + sizeof(uint32_t));
    return held;
  }

  alignas(8) std::array<char, short_size + 1> bytes_{};  // the last: the size, or long_mark
};

}  // namespace muster::mqtt
