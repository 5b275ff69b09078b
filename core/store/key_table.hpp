#pragma once
// What a segment's keys have as their newest record: an open-addressed table whose keys stand one
// behind the other in one buffer, so that a message that comes and goes allocates nothing. Places
// that are given up are taken again: it grows to what was there at once. One thread.

#include <cstdint>
#include <vector>

#include "core/base/flat_index.hpp"
#include "core/base/hash.hpp"
#include "core/store/segment.hpp"

namespace muster::store {

// What the newest record of a key in the log says.
struct Latest {
  Extent value;
  bool deleted = false;
  bool below = true;  // LevelDB may know the key
};

class KeyTable {
 public:
  static constexpr uint32_t none = FlatIndex::none;

  bool empty() const { return index_.size() == 0; }

  uint32_t find(BytesView key) const { return find(hash_of(key), key); }

  // Its place; a new one is a default Latest.
  std::pair<uint32_t, bool> insert(BytesView key) {
    const uint32_t hash = hash_of(key);
    const uint32_t known = find(hash, key);
    if (known != none) return {known, false};
    const uint32_t number = place_for(key);
    entries_[number].hash = hash;
    index_.insert(hash, number);
    return {number, true};
  }

  Latest& at(uint32_t number) { return entries_[number].latest; }
  BytesView key(uint32_t number) const {
    const Entry& entry = entries_[number];
    return BytesView(keys_).substr(entry.key_at, entry.key_size);
  }

  void erase(uint32_t number) {
    index_.erase(entries_[number].hash, number);
    entries_[number].used = false;
    unused_.push_back(number);
  }

  // The next place in use from `number` on, none at the end.
  uint32_t next(uint32_t number) const {
    while (number < entries_.size() && !entries_[number].used) ++number;
    return number < entries_.size() ? number : none;
  }

 private:
  struct Entry {
    Latest latest;
    uint64_t key_at = 0;
    uint32_t key_size = 0;
    uint32_t key_room = 0;
    uint32_t hash = 0;
    bool used = true;
  };

  uint32_t find(uint32_t hash, BytesView wanted) const {
    return index_.find(hash, [&](uint32_t number) { return key(number) == wanted; });
  }

  uint32_t place_for(BytesView key) {
    const auto size = static_cast<uint32_t>(key.size());
    if (!unused_.empty() && entries_[unused_.back()].key_room >= size) {
      const uint32_t number = unused_.back();
      unused_.pop_back();
      Entry& entry = entries_[number];
      keys_.replace(entry.key_at, size, key);
      entry.latest = {};
      entry.key_size = size;
      entry.used = true;
      return number;
    }
    entries_.push_back({{}, keys_.size(), size, size, 0, true});
    keys_.append(key);
    return static_cast<uint32_t>(entries_.size() - 1);
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> unused_;
  Bytes keys_;
  FlatIndex index_;  // hash of the key -> place
};

}  // namespace muster::store
