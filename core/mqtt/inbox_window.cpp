#include "core/mqtt/inbox_window.hpp"

#include <algorithm>
#include <bit>

namespace muster::mqtt {

uint16_t InboxWindow::start(uint64_t number, State state) {
  MUSTER_CHECK(may_start(number) && state != State::none);
  MUSTER_CHECK(count_ == 0 || number > newest_);
  if (count_ == 0) oldest_ = number;
  reserve(number - oldest_ + 1);
  newest_ = number;
  slot(number) = state;
  ++count_;
  return packet_id_of(number);
}

std::optional<uint64_t> InboxWindow::answered(PacketType answer, uint16_t packet_id,
                                              Reason reason) {
  const State present = state(packet_id);
  const uint64_t number = present == State::none ? 0 : number_of(packet_id);
  if (answer == PacketType::pubrec) {
    if (present == State::none || present == State::awaits_puback) return {};
    if (reason >= Reason::unspecified_error) {
      finish(number);
    } else if (present == State::awaits_pubrec) {
      slot(number) = State::awaits_store;
    }
    return number;
  }
  const State awaited = answer == PacketType::puback ? State::awaits_puback : State::awaits_pubcomp;
  if (present != awaited) return {};
  finish(number);
  return number;
}

uint16_t InboxWindow::stored(uint64_t number) {
  if (count_ == 0 || number < oldest_ || number > newest_) return 0;
  if (slot(number) != State::awaits_store) return 0;
  slot(number) = State::awaits_pubcomp;
  return packet_id_of(number);
}

InboxWindow::State InboxWindow::state(uint16_t packet_id) const {
  if (count_ == 0 || packet_id == 0) return State::none;
  const uint64_t number = number_of(packet_id);
  return number <= newest_ ? slot(number) : State::none;
}

// The one number from `oldest_` on that has this identifier within the span limit.
uint64_t InboxWindow::number_of(uint16_t packet_id) const {
  const uint64_t place = packet_id - 1u;
  const uint64_t first = oldest_ % span_limit;
  return oldest_ + (place + span_limit - first) % span_limit;
}

void InboxWindow::reserve(uint64_t span) {
  if (span <= ring_.size()) return;
  std::vector<State> old(std::bit_ceil(std::max<uint64_t>(span, 16)));
  old.swap(ring_);
  if (count_ == 0) return;
  for (uint64_t number = oldest_; number <= newest_; ++number) {
    slot(number) = old[number & (old.size() - 1)];
  }
}

void InboxWindow::finish(uint64_t number) {
  slot(number) = State::none;
  --count_;
  if (count_ == 0) return;
  while (slot(oldest_) == State::none) ++oldest_;
}

}  // namespace muster::mqtt
