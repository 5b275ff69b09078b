#pragma once
// What an open commit writes: the last word about each key, in the order in which the keys came.
// All texts stand in one buffer, which the batch takes over. Owned by the Ledger, one thread.

#include <utility>
#include <vector>

#include "core/base/flat_index.hpp"
#include "core/base/hash.hpp"
#include "core/store/store.hpp"

namespace muster::global {

class WriteSet {
 public:
  void put(BytesView key, BytesView value) {
    Write& at = write(key);
    at.value = add(value);
    at.deleted = false;
  }

  // Nothing is stored under this key: what is erased soon leaves no trace then.
  void put_fresh(BytesView key, BytesView value) {
    const size_t before = writes_.size();
    Write& at = write(key);
    at.fresh |= writes_.size() > before;  // else it was erased in this commit
    at.value = add(value);
    at.deleted = false;
  }

  void erase(BytesView key) { write(key).deleted = true; }

  bool empty() const { return writes_.empty(); }

  // Moves all of it into the batch.
  void take(store::Batch& batch) {
    const size_t size = texts_.size();
    const auto texts = std::make_shared<const Bytes>(std::exchange(texts_, {}));
    texts_.reserve(std::min(size, kept_bytes));  // the next one will be like it
    const auto slice = [&](Text text) {
      return Slice(texts, BytesView(*texts).substr(text.at, text.size));
    };
    batch.puts.reserve(writes_.size());
    for (const Write& write : writes_) {
      if (!write.deleted) {
        batch.puts.push_back({slice(write.key), slice(write.value), write.fresh});
      } else if (!write.fresh) {
        batch.deletes.push_back(slice(write.key));
      }
    }
    writes_.clear();
    if (writes_.capacity() > kept_writes) writes_.shrink_to_fit();
    index_.clear();
  }

 private:
  static constexpr size_t kept_writes = 1 << 14;
  static constexpr size_t kept_bytes = 1 << 20;

  struct Text {
    size_t at = 0;  // in texts_
    size_t size = 0;
  };
  struct Write {
    Text key;
    Text value;  // the newest; what stood before it stays in the buffer
    bool deleted = false;
    bool fresh = false;
  };

  Text add(BytesView text) {
    texts_.append(text);
    return {texts_.size() - text.size(), text.size()};
  }

  Write& write(BytesView key) {
    const uint32_t hash = hash_of(key);
    const uint32_t known = index_.find(hash, [&](uint32_t number) {
      const Text& text = writes_[number].key;
      return BytesView(texts_).substr(text.at, text.size) == key;
    });
    if (known != FlatIndex::none) return writes_[known];
    index_.insert(hash, static_cast<uint32_t>(writes_.size()));
    writes_.push_back({add(key), {}, false, false});
    return writes_.back();
  }

  std::vector<Write> writes_;
  Bytes texts_;
  FlatIndex index_;
};

}  // namespace muster::global
