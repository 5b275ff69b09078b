#pragma once
// The sending half of a Stream to one peer: batches kept until acknowledged, sent within a window,
// and again from the first unseen one when nothing moves (go-back-N). Inside core/wire only.
//
//   [ acknowledged | seen by the peer | on their way | not yet sent ]   batches_, oldest first

#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "core/wire/parcel.hpp"

namespace muster::wire {

// On their way to a peer and not seen. What would be more waits and shares larger frames.
constexpr size_t flight_limit_bytes = 8 << 20;
constexpr size_t flight_limit_frames = 256;

class StreamOut {
 public:
  struct Batch : Parcel {
    uint64_t first = 0;
    uint64_t last = 0;
    size_t credit_bytes = 0;
  };

  explicit StreamOut(Duration resend) : resend_(resend), backoff_(resend) {}

  uint64_t add(const Message& message);  // large texts are not copied

  // What the peer says of our stream; the numbers stand in every frame. True: `taken` has risen.
  bool progress(uint64_t taken, uint64_t seen, Instant now);
  // The link is new: what the peer has not seen goes out again.
  void rewind(uint64_t seen);
  // Can the stream go on with a peer that has this much of it?
  bool continues(uint64_t taken, uint64_t seen) const {
    return taken >= acknowledged_ && taken <= seen && seen <= sent_;
  }
  std::deque<Batch> drop();       // everything that waits, not acknowledged; numbers go on
  void restart(uint64_t number);  // drops; the next number is this plus one

  const Batch* next(Instant now);  // to be sent now; nullptr: nothing, or the window is full
  void tick(Instant now);
  Instant wake() const;

  bool empty() const { return batches_.empty(); }
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t last() const { return last_; }
  size_t waiting_bytes() const { return waiting_bytes_; }
  size_t credit_bytes() const { return credit_bytes_; }

 private:
  Batch& open_batch();
  uint64_t add_pieces(std::shared_ptr<const Message> message);
  void see(uint64_t seen);
  void pop_front();

  Duration resend_;
  std::deque<Batch> batches_;
  std::vector<Bytes> spare_;  // buffers of acknowledged batches
  size_t seen_count_ = 0;     // batches at the front that the peer has seen
  size_t sent_count_ = 0;     // batches at the front that were sent; at least seen_count_
  size_t flight_bytes_ = 0;   // of [seen_count_, sent_count_)
  size_t waiting_bytes_ = 0;
  size_t credit_bytes_ = 0;
  uint64_t acknowledged_ = 0;
  uint64_t sent_ = 0;  // highest number ever sent
  uint64_t last_ = 0;
  bool probing_ = false;  // after a timeout: one frame until something moves
  Instant moved_at_{};
  Duration backoff_;
};

}  // namespace muster::wire
