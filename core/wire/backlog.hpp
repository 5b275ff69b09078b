#pragma once
// What was streamed to a peer and not acknowledged when the stream ended, read back from what the
// link has kept of it: nobody else need keep it for that. A value of the event that brings it;
// reading uses it up, for all copies.

#include <cstdint>
#include <memory>

#include "core/wire/messages.hpp"

namespace muster::wire {

class Backlog {
 public:
  struct State;

  Backlog() = default;
  explicit Backlog(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // The next one, oldest first, with the number that Links::stream() gave it. False: none is left.
  bool next(uint64_t& number, Message& message);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace muster::wire
