#pragma once
// What is written together. All texts stand in one buffer that belongs to the batch: filling one
// costs no allocation a write, and handing it to another thread no count. A plain value.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endian.hpp"

namespace muster::store {

struct Batch {
  struct Text {
    size_t at = 0;  // in texts
    size_t size = 0;
  };
  struct Write {
    Text key;
    Text value;            // of a put
    bool deletes = false;  // else it puts
    bool fresh = false;    // nothing is stored under this key: deleted soon, it need leave no trace
    uint32_t count = 1;    // of a delete: so many keys, whose last 8 bytes count up from this one's
  };

  Bytes texts;
  std::vector<Write> writes;  // of different keys

  void put(BytesView key, BytesView value, bool fresh = false) {
    writes.push_back({add(key), add(value), false, fresh});
  }
  void erase(BytesView key, uint32_t count = 1) {
    writes.push_back({add(key), {}, true, false, count});
  }

  bool empty() const { return writes.empty(); }
  BytesView key(const Write& write) const { return view(write.key); }
  BytesView value(const Write& write) const { return view(write.value); }

  // Calls visit(key) for each key that it deletes.
  template <class Visit>
  void each_deleted(const Write& write, Visit&& visit) const {
    if (write.count == 1) return visit(key(write));
    Bytes one(key(write));
    char* const number = one.data() + one.size() - sizeof(uint64_t);
    for (uint32_t left = write.count; left > 0; --left) {
      visit(BytesView(one));
      put_big_endian(number, big_endian_at<uint64_t>(number) + 1);
    }
  }

  Text add(BytesView text) {
    texts.append(text);
    return {texts.size() - text.size(), text.size()};
  }
  BytesView view(Text text) const { return {texts.data() + text.at, text.size}; }
};

}  // namespace muster::store
