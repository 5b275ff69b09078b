#pragma once
// The store on disk: LevelDB with paranoid checks and verified reads. Opening reads every record
// once, so that damage is known at start: a damaged store is copied aside (<path>.damaged-<n>),
// repaired in place, logged, and opened. Any thread, one at a time; it blocks on the disk.

#include <memory>
#include <optional>
#include <string>

#include "core/store/store.hpp"

namespace muster::store {

// Of what lies in the store; a newer one is refused. 2: a log stands in front of LevelDB.
constexpr uint32_t format_number = 2;

struct LeveldbOptions {
  size_t write_buffer = 16 << 20;  // bytes; at most two of them in memory
  size_t block_cache = 8 << 20;    // bytes
};

struct Damage {
  std::string what;           // as LevelDB says it
  std::string aside;          // where the damaged store is kept
  uint64_t records_left = 0;  // that could be read after the repair
};

struct Opened {
  std::unique_ptr<Store> store;
  std::optional<Damage> damage;
};

// `path` is the store's own folder; it and its parents are created. Files beside it do not matter.
// Errors: in use by another process, not writable, a newer format, not ours.
Expected<Opened, Error> open_leveldb(const std::string& path, const LeveldbOptions& options = {});

}  // namespace muster::store
