#include "core/store/store_memory.hpp"

#include <algorithm>

namespace muster::store {

void MemoryStore::apply(State& state, const Batch& batch) {
  for (const Batch::Write& write : batch.writes) {
    if (write.deletes) {
      batch.each_deleted(write, [&](BytesView key) { state.erase(Bytes(key)); });
    } else {
      state.insert_or_assign(Bytes(batch.key(write)), Bytes(batch.value(write)));
    }
  }
}

Expected<std::optional<Bytes>, Error> MemoryStore::get(BytesView key) {
  const auto found = written_.find(key);
  if (found == written_.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(found->second);
}

Expected<Done, Error> MemoryStore::scan(BytesView prefix, const Visit& visit) {
  for (auto it = written_.lower_bound(prefix); it != written_.end(); ++it) {
    if (!BytesView(it->first).starts_with(prefix)) break;
    if (!visit(it->first, it->second)) break;
  }
  return Done{};
}

Expected<Done, Error> MemoryStore::commit(const Batch& batch, bool sync) {
  if (failing_ > 0) {
    --failing_;
    return Unexpected{Error{"planted fault: the commit failed"}};
  }
  apply(written_, batch);
  if (!track_syncs_) return Done{};
  unsynced_.push_back(batch);
  if (sync) {
    for (const Batch& waiting : unsynced_) apply(synced_, waiting);
    unsynced_.clear();
  }
  return Done{};
}

void MemoryStore::crash_power(size_t survivors) {
  MUSTER_CHECK(track_syncs_);
  failing_ = 0;
  unsynced_.resize(std::min(survivors, unsynced_.size()));
  for (const Batch& waiting : unsynced_) apply(synced_, waiting);
  unsynced_.clear();
  written_ = synced_;
}

}  // namespace muster::store
