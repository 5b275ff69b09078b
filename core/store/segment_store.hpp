#pragma once
// The store on disk as global uses it: a commit is one append to a segment of the log, and only
// what is still wanted when its segment ends moves on to LevelDB (hotpath.md: 0.12 us a message
// instead of 1.6). At most two segments lie there: the one that is written to, and the one before,
// whose survivors move in slices, between commits; when the current one is full too, a commit moves
// the rest. At start all of the log moves to LevelDB.
//
// A synced commit makes everything before it survive a loss of power too: it syncs both segments,
// and what moves to LevelDB is synced there. A segment with something synced in it goes only when
// what supersedes it is on disk as well.
//
// In memory: the keys that the log holds, not the values. Any thread, one at a time; it blocks on
// the disk.

#include "core/store/store_leveldb.hpp"

namespace muster::store {

struct SegmentOptions {
  uint64_t segment_bytes = 32 << 20;
  size_t slice_records = 4000;   // that move to LevelDB at once,
  size_t slice_bytes = 1 << 20;  // with at most so many bytes, but for one large record
};

// As open_leveldb(path, ...); the log lies beside it in the folder <path>.log. A damaged log is
// copied aside too, and what can be read of it is used.
Expected<Opened, Error> open_segment_store(const std::string& path,
                                           const LeveldbOptions& leveldb = {},
                                           const SegmentOptions& options = {});

}  // namespace muster::store
