#pragma once
// The store's twin in memory, for tests, the simulator and durability "memory". It knows what was
// written (survives the death of the process) from what was synced (survives a loss of power).

#include <map>
#include <memory>
#include <vector>

#include "core/store/store.hpp"

namespace muster::store {

class MemoryStore : public Store {
 public:
  // Without tracking nothing is kept for crash_power(): durability "memory".
  explicit MemoryStore(bool track_syncs = true) : track_syncs_(track_syncs) {}

  Expected<std::optional<Bytes>, Error> get(BytesView key) override;
  Expected<Done, Error> scan(BytesView prefix, const Visit& visit) override;
  Expected<Done, Error> commit(const Batch& batch, bool sync) override;

  // The next `count` commits fail and write nothing.
  void fail_commits(size_t count) { failing_ = count; }
  // kill -9: all that was written stays. Faults are over.
  void crash_process() { failing_ = 0; }
  // Power is lost: of the batches written since the last sync the first `survivors` stay, whole.
  void crash_power(size_t survivors = 0);

  size_t unsynced() const { return unsynced_.size(); }  // batches
  size_t size() const { return written_.size(); }       // keys

 private:
  using State = std::map<Bytes, Bytes, std::less<>>;
  static void apply(State& state, const Batch& batch);

  bool track_syncs_;
  State written_;
  State synced_;
  std::vector<Batch> unsynced_;
  size_t failing_ = 0;
};

}  // namespace muster::store
