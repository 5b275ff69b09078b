#pragma once
// What happened in a world, in order. Always a hash (the same seed must give the same one twice);
// as text only when a seed is run to be read. Owned by one world; its time is the world's true
// time.

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <type_traits>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"

namespace muster::sim {

class Trace {
 public:
  enum class Mode : uint8_t { hash, keep_last, print };

  explicit Trace(Mode mode) : mode_(mode) {}

  template <class... Args>
  void line(Instant at, fmt::format_string<Args...> format, const Args&... args) {
    const auto text = static_cast<fmt::string_view>(format);
    mix(static_cast<uint64_t>(at.time_since_epoch().count()));
    mix_bytes(BytesView(text.data(), text.size()));
    (mix_value(args), ...);
    ++lines_;
    if (mode_ != Mode::hash) put(at, fmt::vformat(text, fmt::make_format_args(args...)));
  }

  // For the reader alone: not part of the hash.
  bool read() const { return mode_ != Mode::hash; }
  void comment(Instant at, const std::string& text) {
    if (read()) put(at, text);
  }

  uint64_t hash() const { return hash_; }
  uint64_t lines() const { return lines_; }
  const std::deque<std::string>& last() const { return last_; }

 private:
  static constexpr size_t kept_lines = 400;

  template <class T>
  void mix_value(const T& value) {
    if constexpr (std::is_convertible_v<T, BytesView>) {
      mix_bytes(BytesView(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      mix(static_cast<uint64_t>(value * 1e6));
    } else {
      mix(static_cast<uint64_t>(value));
    }
  }
  void mix(uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9E3779B97F4A7C15u;
    hash_ ^= hash_ >> 29;
  }
  void mix_bytes(BytesView bytes) {
    while (bytes.size() >= 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data(), 8);
      mix(word);
      bytes.remove_prefix(8);
    }
    uint64_t rest = bytes.size() << 56;
    std::memcpy(&rest, bytes.data(), bytes.size());
    mix(rest);
  }
  void put(Instant at, const std::string& text);

  Mode mode_;
  uint64_t hash_ = 0;
  uint64_t lines_ = 0;
  std::deque<std::string> last_;
};

}  // namespace muster::sim
