#pragma once
// A batch in one expression.

#include <initializer_list>
#include <utility>

#include "core/store/batch.hpp"

namespace muster::store {

inline Batch batch_of(std::initializer_list<std::pair<BytesView, BytesView>> puts,
                             std::initializer_list<BytesView> deletes = {}) {
  Batch batch;
  for (const auto& [key, value] : puts) batch.put(key, value);
  for (const BytesView key : deletes) batch.erase(key);
  return batch;
}

}  // namespace muster::store
