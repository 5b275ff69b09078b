#pragma once
// What one frame carries behind its envelope: a batch of items, or one piece of an item that is too
// large for a batch. Inside core/wire only.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/wire/item.hpp"
#include "core/wire/messages.hpp"

namespace muster::wire {

// Batches are closed at this size, and what is larger is cut into pieces of it: frames stay below
// frame_limit, and heartbeats never wait behind more than this.
constexpr size_t parcel_limit = 256 << 10;
constexpr size_t item_limit = 512 << 20;  // a message, put together again

struct Parcel {
  Bytes batch;
  std::shared_ptr<Item> item;  // a piece: parcel_limit bytes of it, the last one what is left
  uint32_t part = 0;

  bool more() const { return item && (part + 1) * parcel_limit < item->size(); }
  size_t size() const;
  void append_to(Bytes& frame) const;
};

std::vector<Parcel> cut(std::shared_ptr<const Message> message);

// Puts pieces together again. They come in order or, after a loss, not at all.
class Assembly {
 public:
  enum class Result : uint8_t { more, complete, broken };
  // `size`: of the whole item; 0: not known.
  Result add(uint32_t part, bool more, uint64_t size, BytesView piece);
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
  void add_encoded(Bytes message);
  std::vector<Parcel> take() { return std::exchange(parcels_, {}); }
  bool empty() const { return parcels_.empty(); }

 private:
  Bytes& open_batch();

  std::vector<Parcel> parcels_;
};

}  // namespace muster::wire
