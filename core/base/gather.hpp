#pragma once
// Bytes on their way into a Bytes: what is written a byte or two at a time is gathered here and
// appended together, which costs a store a byte and not a call. For writers of formats; one thread.

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/bytes.hpp"

namespace muster {

class Gather {
 public:
  explicit Gather(Bytes& out) : out_(out) {}
  ~Gather() { flush(); }
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;

  static constexpr size_t room = 256;

  void byte(uint64_t value) {
    *room_for(1) = static_cast<char>(value);
    wrote(1);
  }
  // Where so many bytes, at most `room`, may be put; wrote() says how many were.
  char* room_for(size_t size) {
    if (size > room - count_) flush();
    return gathered_.data() + count_;
  }
  void wrote(size_t size) { count_ += size; }
  void append(BytesView bytes) {
    if (bytes.size() > room) {
      flush();
      out_.append(bytes);
    } else if (!bytes.empty()) {
      std::memcpy(room_for(bytes.size()), bytes.data(), bytes.size());
      wrote(bytes.size());
    }
  }
  void flush() { out_.append(gathered_.data(), std::exchange(count_, 0)); }

 private:
  Bytes& out_;
  size_t count_ = 0;
  std::array<char, room> gathered_;
};

}  // namespace muster
