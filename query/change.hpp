#pragma once
// One visible change of one device, and the ring of the last ones: watches that resume or wait for
// credit find them there. How a row reads after its newest change the table says, so nothing of it
// is kept here until it changes again. Owned by a Feed; one thread.

#include <cstdint>
#include <deque>
#include <utility>

#include "query/packed_row.hpp"

namespace muster::query {

struct Change {
  uint64_t number = 0;  // of the log entry that caused it
  PackedRow before;     // none: the device was not known
  PackedRow after;      // none: as the table has the row
  RowId row = no_id;    // while `after` is none
  bool only_attributes = false;
};

class Ring {
 public:
  explicit Ring(size_t entries_max) : entries_max_(entries_max) {}

  // Returns its place: places rise by one.
  uint64_t push(Change change) {
    if (entries_.size() >= entries_max_) {
      floor_ = std::max(floor_, entries_.front().number);
      entries_.pop_front();
      ++first_;
    }
    entries_.push_back(std::move(change));
    return end() - 1;
  }
  // Nothing before `number` is known from here on.
  void clear(uint64_t number) {
    first_ = end();
    entries_.clear();
    floor_ = number;
  }

  uint64_t first() const { return first_; }
  uint64_t end() const { return first_ + entries_.size(); }
  const Change* at(uint64_t place) const {  // null: no longer there
    return place < first_ ? nullptr : &entries_[place - first_];
  }
  // What the table says of its row is about to be something newer.
  void settle(uint64_t place, const PackedRow& after) {
    if (place < first_ || place >= end() || entries_[place - first_].after) return;
    entries_[place - first_].after = after;
  }
  // Every change after `number` is here.
  bool covers(uint64_t number) const { return number >= floor_; }

 private:
  const size_t entries_max_;
  std::deque<Change> entries_;
  uint64_t first_ = 0;
  uint64_t floor_ = 0;
};

}  // namespace muster::query
