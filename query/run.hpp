#pragma once
// One task on its way over a table: a cursor that yields between slices, and what it has found.
// Owned by a scheduler's job; one thread. Rows it visits are as fresh as the moment of the visit,
// so a list that took several slices is no single moment's picture, but each row is at least as
// fresh as the position that the answer names.

#include <cstdint>
#include <string>
#include <vector>

#include "core/wire/query.hpp"
#include "query/filter.hpp"
#include "query/options.hpp"
#include "query/slots.hpp"
#include "query/table.hpp"

namespace muster::query {

// What a task costs in units of load.
uint32_t units_of(const wire::Query& query, const Filter& filter, const Table& table);

// What one server found in its own rows.
struct Found {
  std::vector<wire::AnswerRow> rows;
  uint64_t count = 0;
  std::string next;        // list: the last device, if there may be more
  bool too_large = false;  // a look-up whose answer would pass the limit
};

class Run {
 public:
  // Rows of `slots` only. The query and filter must outlive the run.
  Run(const wire::Query& query, const Filter& filter, const SlotSet& slots, const Options& options);

  // Goes on for about `budget` row visits and takes off what it used. True: finished.
  bool slice(const Table& table, int64_t& budget);
  Found& found() { return found_; }

  // Costs by measurement (bench/query_bench.cpp), in visits of rows in the order of names, about
  // 0.1 us each: a look-up searches by name, a found row is copied, a walk by id is cheap.
  static constexpr int64_t find_visits = 5;
  static constexpr int64_t row_visits = 4;
  static constexpr uint32_t walk_rows_per_visit = 8;

 private:
  bool look_up(const Table& table, int64_t& budget);
  bool count(const Table& table, int64_t& budget);
  bool list(const Table& table, int64_t& budget);
  bool of_one_user(const Table& table, int64_t& budget);
  bool take(const Table& table, RowId id, int64_t& budget);

  const wire::Query* query_;
  const Filter* filter_;
  SlotSet slots_;
  bool every_slot_;
  uint32_t limit_;
  size_t bytes_max_;
  int64_t slice_rows_;

  uint32_t position_ = 0;  // look-up: of the next device; count: the next row id
  std::string after_;      // list
  size_t bytes_ = 0;
  Found found_;
};

}  // namespace muster::query
