#pragma once
// Durable state behind one narrow interface: keys and values are bytes, in byte order; a batch is
// visible whole or not at all. Owned by one role; used from one thread at a time (its storage
// thread, after recovery at start). Bodies: store_leveldb.hpp, segment_store.hpp in front of it,
// and store_memory.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/store/batch.hpp"

namespace muster::store {

struct Error {
  std::string text;  // one line
};

// What stands in a store.
struct Record {
  Bytes key;
  Bytes value;
};

// The effect of a mind: commit this, then tell it stored(number). One is in flight at a time.
struct StoreBatch : Batch {
  uint64_t number = 0;
  bool sync = false;  // must survive a loss of power
};

class Store {
 public:
  // Keys and values live until it returns; false ends the scan.
  using Visit = std::function<bool(BytesView key, BytesView value)>;

  virtual ~Store() = default;
  virtual Expected<std::optional<Bytes>, Error> get(BytesView key) = 0;
  virtual Expected<Done, Error> scan(BytesView prefix, const Visit& visit) = 0;
  // After an error nothing of the batch counts as written; committing it again is right.
  virtual Expected<Done, Error> commit(const Batch& batch, bool sync) = 0;
  // Housekeeping that no commit should wait for: a slice of it, between commits.
  virtual void tidy() {}
};

}  // namespace muster::store
