#pragma once
// A segment: one file of the log that stands in front of LevelDB (segment_store.hpp). Appended to,
// one record for each batch, with one write. Any thread, one at a time; it blocks on the disk.
//
//   record: head, body
//   head:   magic, body size, sequence, CRC-32 of the body, CRC-32 of the salt and these
//   body:   any number of
//           'p', key size, value size, key, value: put
//           'd', key size, key: delete
//           'r', key size, how many, key: delete a run (Batch::Write::count)
//
// Numbers have four bytes, the sequence eight, least significant first. A record that the end of
// the file cuts off is a torn tail: nobody was told that it is stored. Everything else that is not
// a record is damage; reading goes on with the next record whose CRCs are right. The salt is random
// and stands in the file's name: no publisher can write a payload that looks like a record then.

#include <cstdint>
#include <functional>
#include <string>

#include "core/store/store.hpp"

namespace muster::store {

// Where a value lies in its segment.
struct Extent {
  uint64_t offset = 0;
  uint32_t size = 0;
  uint32_t crc = 0;
};

class Segment {
 public:
  static Expected<Segment, Error> create(const std::string& path,
                                         uint64_t salt);  // replaces a file that is there

  Segment() = default;
  Segment(Segment&& other) noexcept { *this = std::move(other); }
  Segment& operator=(Segment&& other) noexcept;
  ~Segment();

  // `extents`: of the values, in the order of batch.writes. After an error nothing of it is there.
  Expected<Done, Error> append(const Batch& batch, uint64_t sequence, std::vector<Extent>& extents);
  Expected<Done, Error> sync();  // after an error nothing is known of what was appended
  Expected<Bytes, Error> read(Extent extent) const;  // an error too: it is not what was written
  void remove();                                     // the file too

  bool is_open() const { return file_ >= 0; }
  uint64_t size() const { return size_; }  // bytes

 private:
  Unexpected<Error> failure(const char* what) const;

  std::string path_;
  uint64_t salt_ = 0;
  int file_ = -1;
  uint64_t size_ = 0;
  bool named_ = false;  // its folder was synced
  Bytes record_;        // kept for the next one
};

struct SegmentContent {
  uint64_t records = 0;
  uint64_t torn_bytes = 0;     // at the end
  uint64_t damaged_bytes = 0;  // elsewhere
  uint64_t missing = 0;        // records, by their sequence numbers
};

// Calls apply(batch) for each record. `sequence`: of the last one read before this segment, 0:
// none.
Expected<SegmentContent, Error> read_segment(const std::string& path, uint64_t salt,
                                             uint64_t& sequence,
                                             const std::function<void(Batch&)>& apply);

}  // namespace muster::store
