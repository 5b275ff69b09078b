#include "global/ledger.hpp"

#include <utility>

#include "global/keys.hpp"
#include "global/record.hpp"

namespace muster::global {

void Ledger::take(const std::string& peer, Incarnation incarnation, uint64_t number,
                  uint64_t retained) {
  open_.taken[incarnation] = {peer, number};
  put(keys::taken(incarnation), Writer().number(number).number(retained).take());
}

Commit Ledger::next() {
  Commit ended = std::exchange(open_, {});
  open_.number = ended.number + 1;
  return ended;
}

std::optional<Commit> Ledger::finish() {
  if (flying_ || !open_.writes.empty() || open_.empty()) return std::nullopt;
  return next();
}

std::optional<store::StoreBatch> Ledger::seal(bool sync) {
  if (flying_ || open_.writes.empty()) return std::nullopt;
  store::StoreBatch batch;
  batch.number = open_.number;
  batch.sync = sync || open_.sync;
  for (auto& [key, value] : open_.writes) {
    if (value) {
      batch.puts.push_back({key, std::move(*value)});
    } else {
      batch.deletes.push_back(key);
    }
  }
  open_.writes.clear();
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
