#include "core/wire/stream_in.hpp"

#include <algorithm>

#include "core/wire/stream_out.hpp"

namespace muster::wire {

StreamIn::Verdict StreamIn::judge(uint64_t first, uint64_t last, size_t bytes) {
  if (last <= seen_ || first > seen_ + 1) {
    at_once_ = true;
    return last <= seen_ ? Verdict::duplicate : Verdict::gap;
  }
  ++untold_frames_;
  untold_bytes_ += bytes;
  return Verdict::news;
}

void StreamIn::handed_up(uint64_t number) {
  complete_ = seen_ = number;
}

void StreamIn::take(uint64_t number) {
  taken_ = std::max(taken_, std::min(number, complete_));
}

bool StreamIn::must_tell(Instant now) const {
  return at_once_ || taken_ != told_taken_ || untold_frames_ >= flight_limit_frames / 8 ||
         untold_bytes_ >= flight_limit_bytes / 8 || now >= tell_at_;
}

void StreamIn::schedule(Instant now, Duration delay) {
  if (seen_ != told_seen_ && tell_at_ == never) tell_at_ = now + delay;
}

void StreamIn::told() {
  told_taken_ = taken_;
  told_seen_ = seen_;
  untold_frames_ = untold_bytes_ = 0;
  at_once_ = false;
  tell_at_ = never;
}

}  // namespace muster::wire
