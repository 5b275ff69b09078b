#pragma once
// What a Backlog reads. Inside core/wire only.

#include <deque>

#include "core/wire/backlog.hpp"
#include "core/wire/stream_out.hpp"

namespace muster::wire {

struct Backlog::State {
  std::deque<StreamOut::Batch> batches;
  uint64_t acknowledged = 0;  // of the first batch
  SharedBuffer reading = nullptr;
  size_t offset = 0;
  uint64_t number = 0;  // of the next item
};

}  // namespace muster::wire
