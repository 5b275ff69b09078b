#include "global/global.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "global/state.hpp"

namespace muster::global {

Expected<Recovered, store::Error> Global::recover(store::Store& store, bool repaired) {
  Recovered recovered;
  recovered.repaired = repaired;
  const auto done = store.scan("", [&](BytesView key, BytesView value) {
    recovered.records.push_back({Bytes(key), Bytes(value)});
    return true;
  });
  if (!done) return Unexpected{done.error()};
  return recovered;
}

Global::Global(Options options, wire::NodeInfo self, Recovered recovered)
    : state_(std::make_unique<State>(std::move(options), std::move(self), std::move(recovered))) {}

Global::~Global() = default;

void Global::start(Now now) {
  state_->start(now);
}

void Global::receive(Now now, wire::InFrame frame) {
  state_->links.receive(now, std::move(frame));
  state_->handle_events(now);
}

void Global::tick(Now now) {
  state_->links.tick(now);
  state_->handle_events(now);
  state_->tick(now);
}

Instant Global::next_wake() const {
  return state_->next_wake();
}

bool Global::has_work() const {
  return state_->claims.has_work() || state_->replicas.has_work() ||
         state_->retained_jobs.has_work();
}

void Global::finish_turn(Now now) {
  state_->finish_turn(now);
}

wire::Effects Global::take_effects() {
  return state_->links.take_effects();
}

std::optional<StoreBatch> Global::take_batch() {
  auto batch = state_->ledger.seal(state_->options.sync);
  if (batch) ++state_->batches;
  return batch;
}

void Global::stored(Now now, uint64_t number) {
  state_->release(now, state_->ledger.stored(number));
}

// What was taken is stored and said as always; hosts stop when stopped() says so.
void Global::stop(Now) {}

bool Global::stopped() const {
  return state_->ledger.idle();
}

Stats Global::stats() const {
  return state_->stats();
}

}  // namespace muster::global
