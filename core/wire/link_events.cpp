// What happened, handed up one by one.

#include <utility>

#include "core/base/log.hpp"
#include "core/wire/link_state.hpp"

namespace muster::wire {

// What stood before the frame that is being read, its items, and what came up meanwhile.
LinkEvent* Links::State::next_event() {
  if (reading && before_reading == 0) {
    if (read_item()) return &event;
  }
  if (events.empty()) {
    event = Acknowledged{};  // nothing of a frame is held
    return nullptr;
  }
  if (before_reading > 0) --before_reading;
  event = std::move(events.front());
  events.pop_front();
  return &event;
}

// The next item of the frame, read straight into the event. False: there is none left.
bool Links::State::read_item() {
  if (!std::holds_alternative<Received>(event)) event.emplace<Received>();
  auto& received = std::get<Received>(event);
  while (reading && reading->offset < reading->bytes->size() &&
         (!reading->numbered || reading->number <= reading->last)) {
    Peer& peer = *reading->peer;
    const auto result = items.next(reading->bytes, reading->offset, received.message);
    if (result != ItemReader::Result::message) {
      log::warning("link: message skipped from {}: {}", reading->name, items.fault());
      if (result == ItemReader::Result::malformed) return reading.reset(), false;
    }
    const uint64_t number = reading->numbered ? reading->number++ : 0;
    // What came before, in another batch, comes only once.
    const bool news = number == 0 || number > peer.in.complete();
    if (number > peer.in.complete()) peer.in.handed_up(number);
    if (!news || result != ItemReader::Result::message) continue;
    received.peer = reading->name;
    received.role = peer.known.role;
    received.incarnation = peer.current->identity.incarnation;
    received.number = number;
    if (auto* claim = std::get_if<Claim>(&received.message)) {
      claim->connected_us = peer.clock.here(reading->now.mono, claim->connected_us);
    }
    return true;
  }
  if (reading && (reading->offset < reading->bytes->size() ||
                  (reading->numbered && reading->number != reading->last + 1))) {
    log::warning("link: stream from {}: other items than the envelope says", reading->name);
  }
  reading.reset();
  return false;
}

// Another frame comes before all of this one was asked for.
void Links::State::finish_reading() {
  while (reading) {
    if (!read_item()) break;
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(before_reading++), std::move(event));
  }
  before_reading = 0;
}

// The link has ended: what was not asked for does not come any more.
void Links::State::stop_reading(const Peer& peer) {
  if (reading && reading->peer == &peer) reading.reset();
}

}  // namespace muster::wire
