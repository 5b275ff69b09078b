#pragma once
// What one frame carries behind its envelope: a batch of items, or one piece of an item that is too
// large for a batch. Inside core/wire only.

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

// Batches are closed at this size, and what is larger is cut into pieces of it: frames stay below
// frame_limit, and heartbeats never wait behind more than this.
constexpr size_t parcel_limit = 256 << 10;
constexpr size_t item_limit = 512 << 20;  // a message, put together again

struct Parcel {
  Bytes body;
  bool piece = false;
  uint32_t part = 0;
  bool more = false;
};

// Cuts an item into pieces of parcel_limit.
std::vector<Parcel> cut(BytesView item);

// Puts pieces together again. They come in order or, after a loss, not at all.
class Assembly {
 public:
  enum class Result : uint8_t { more, complete, broken };
  Result add(uint32_t part, bool more, BytesView piece);
  Bytes take();  // after `complete`
  void clear();

 private:
  Bytes item_;
  uint32_t next_ = 0;
};

// Unnumbered messages of one turn on one channel.
class Outbox {
 public:
  void add(const Message& message);
  std::vector<Parcel> take() { return std::exchange(parcels_, {}); }
  bool empty() const { return parcels_.empty(); }

 private:
  std::vector<Parcel> parcels_;
};

}  // namespace muster::wire
