#pragma once
// What an open commit writes: the last word about each key, in the order in which the keys came.
// Owned by the Ledger, one thread.

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/mqtt/flat_index.hpp"
#include "core/store/store.hpp"

namespace muster::global {

class WriteSet {
 public:
  void put(Bytes key, Bytes value) { write(std::move(key)).value = std::move(value); }

  // Nothing is stored under this key: what is erased soon leaves no trace then.
  void put_fresh(Bytes key, Bytes value) {
    const size_t before = writes_.size();
    Write& at = write(std::move(key));
    at.fresh |= writes_.size() > before;  // else it was erased in this commit
    at.value = std::move(value);
  }

  void erase(Bytes key) { write(std::move(key)).value.reset(); }

  bool empty() const { return writes_.empty(); }

  // Moves all of it into the batch.
  void take(store::Batch& batch) {
    for (Write& write : writes_) {
      if (write.value) {
        batch.puts.push_back({std::move(write.key), std::move(*write.value), write.fresh});
      } else if (!write.fresh) {
        batch.deletes.push_back(std::move(write.key));
      }
    }
    writes_.clear();
    if (writes_.capacity() > kept_writes) writes_.shrink_to_fit();
    index_.clear();
  }

 private:
  static constexpr size_t kept_writes = 1 << 14;

  struct Write {
    Bytes key;
    std::optional<Bytes> value;  // none: deleted
    bool fresh = false;
  };

  Write& write(Bytes key) {
    const auto hash = static_cast<uint32_t>(std::hash<Bytes>{}(key));
    const uint32_t known =
        index_.find(hash, [&](uint32_t number) { return writes_[number].key == key; });
    if (known != mqtt::FlatIndex::none) return writes_[known];
    index_.insert(hash, static_cast<uint32_t>(writes_.size()));
    writes_.push_back({std::move(key), {}, false});
    return writes_.back();
  }

  std::vector<Write> writes_;
  mqtt::FlatIndex index_;
};

}  // namespace muster::global
