#pragma once
// What an open commit writes: the last word about each key, in the order in which the keys came.
// Owned by the Ledger, one thread.

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/flat_index.hpp"
#include "core/base/hash.hpp"
#include "core/store/batch.hpp"

namespace muster::global {

class WriteSet {
 public:
  void put(BytesView key, BytesView value) {
    Write& at = write(key);
    at.value = batch_.add(value);
    at.deletes = false;
  }

  // Nothing is stored under this key: what is erased soon leaves no trace then.
  void put_fresh(BytesView key, BytesView value) {
    const size_t before = batch_.writes.size();
    Write& at = write(key);
    at.fresh |= batch_.writes.size() > before;  // else it was erased in this commit
    at.value = batch_.add(value);               // what stood before it stays in the buffer
    at.deletes = false;
  }

  void erase(BytesView key) { write(key).deletes = true; }

  // So many keys that count up (Batch::Write::count), none of which this commit has put before: a
  // put that follows stands behind it.
  void erase_run(BytesView first, uint32_t count) {
    if (count == 1) return erase(first);
    batch_.erase(first, count);
  }

  bool empty() const { return batch_.empty(); }

  // All of it.
  store::Batch take() {
    store::Batch taken = std::exchange(batch_, {});
    index_.clear();
    batch_.texts.reserve(std::min(taken.texts.size(), kept_bytes));  // the next one will be like it
    batch_.writes.reserve(std::min(taken.writes.size(), kept_writes));
    std::erase_if(taken.writes, [](const Write& write) { return write.deletes && write.fresh; });
    return taken;
  }

 private:
  using Write = store::Batch::Write;
  static constexpr size_t kept_writes = 1 << 14;
  static constexpr size_t kept_bytes = 1 << 20;

  Write& write(BytesView key) {
    const uint32_t hash = hash_of(key);
    const uint32_t known = index_.find(
        hash, [&](uint32_t number) { return batch_.key(batch_.writes[number]) == key; });
    if (known != FlatIndex::none) return batch_.writes[known];
    index_.insert(hash, static_cast<uint32_t>(batch_.writes.size()));
    return batch_.writes.emplace_back(Write{batch_.add(key), {}});
  }

  store::Batch batch_;
  FlatIndex index_;  // hash of the key -> its place in the batch
};

}  // namespace muster::global
