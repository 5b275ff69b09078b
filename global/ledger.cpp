#include "global/ledger.hpp"

#include <utility>

#include "global/keys.hpp"
#include "global/record.hpp"

namespace muster::global {

void Ledger::take(const std::string& peer, Incarnation incarnation, uint64_t number,
                  uint64_t retained) {
  Taken& taken = open_.taken[incarnation];
  if (taken.peer.empty()) taken.peer = peer;
  taken.number = number;
  taken.retained = retained;
}

void Ledger::forget_taken(Incarnation incarnation) {
  open_.taken.erase(incarnation);
  erase(keys::taken(incarnation));
}

Commit Ledger::next() {
  Commit ended = std::exchange(open_, {});
  open_.number = ended.number + 1;
  return ended;
}

std::optional<Commit> Ledger::finish() {
  if (flying_ || to_write() || open_.empty()) return std::nullopt;
  return next();
}

std::optional<store::StoreBatch> Ledger::seal(bool sync) {
  if (flying_ || !to_write()) return std::nullopt;
  for (const auto& [incarnation, taken] : open_.taken) {
    put(keys::taken(incarnation), Writer().number(taken.number).number(taken.retained).take());
  }
  store::StoreBatch batch{writes_.take(), open_.number, sync || open_.sync};
  flying_ = next();
  return batch;
}

Commit Ledger::stored(uint64_t number) {
  MUSTER_CHECK(flying_ && flying_->number == number);
  Commit ended = std::move(*flying_);
  flying_.reset();
  return ended;
}

}  // namespace muster::global
