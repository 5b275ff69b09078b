#pragma once
// The receiving half of a Stream from one peer: what is next, what came twice, what is missing, and
// when to tell the peer how far we are. Inside core/wire only.

#include <cstdint>

#include "core/base/time.hpp"
#include "core/wire/parcel.hpp"

namespace muster::wire {

class StreamIn {
 public:
  enum class Verdict : uint8_t { news, duplicate, gap };

  // The peer's stream goes on behind `taken`; 0: it starts at 1.
  explicit StreamIn(uint64_t taken = 0) : taken_(taken), complete_(taken), seen_(taken) {}

  // A frame with the numbers first .. last has come. Anything but news is told to the peer soon.
  Verdict judge(uint64_t first, uint64_t last, size_t bytes);
  void handed_up(uint64_t number);  // a whole item, also of several pieces
  void piece_seen(uint64_t number) { seen_ = number; }
  void take(uint64_t number);  // for good: at most what was handed up
  void take_all() { taken_ = complete_; }

  uint64_t taken() const { return taken_; }
  uint64_t complete() const { return complete_; }
  uint64_t seen() const { return seen_; }

  // `taken` is told at the end of the turn; `seen` alone only now and then: it moves the window.
  bool must_tell(Instant now) const;
  Instant wake() const { return tell_at_; }
  void schedule(Instant now, Duration delay);  // at the end of a turn that told nothing
  void told();

  Assembly assembly;

 private:
  uint64_t taken_ = 0;
  uint64_t complete_ = 0;  // handed up
  uint64_t seen_ = 0;      // with the pieces of an item that is not complete
  uint64_t told_taken_ = 0;
  uint64_t told_seen_ = 0;
  size_t untold_frames_ = 0;
  size_t untold_bytes_ = 0;
  bool at_once_ = false;
  Instant tell_at_ = never;
};

}  // namespace muster::wire
