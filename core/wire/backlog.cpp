#include "core/wire/backlog.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/wire/backlog_state.hpp"
#include "core/wire/items.hpp"

namespace muster::wire {

bool Backlog::next(uint64_t& number, Message& message) {
  if (!state_) return false;
  State& state = *state_;
  for (;;) {
    if (state.reading && state.offset < state.reading->size()) {
      ItemReader reader;
      const auto result = reader.next(state.reading, state.offset, message);
      MUSTER_CHECK(result == ItemReader::Result::message);  // we encoded it
      number = state.number++;
      if (number > state.acknowledged) return true;
      continue;
    }
    state.reading = nullptr;
    if (state.batches.empty()) return false;
    StreamOut::Batch batch = std::move(state.batches.front());
    state.batches.pop_front();
    if (!batch.item) {
      state.reading = std::make_shared<const Bytes>(std::move(batch.batch));
      state.offset = 0;
      state.number = batch.first;
    } else if (!batch.more()) {  // its last piece has the number
      number = batch.last;
      message = batch.item->message();
      return true;
    }
  }
}

}  // namespace muster::wire
