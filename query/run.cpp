#include "query/run.hpp"

#include <algorithm>

namespace muster::query {

uint32_t units_of(const wire::Query& query, const Filter& filter, const Table& table) {
  if (query.kind == wire::QueryKind::lookup) {
    return std::max<uint32_t>(1, static_cast<uint32_t>((query.devices.size() + 99) / 100));
  }
  size_t rows = table.size();
  if (filter.exact_device()) return 1;
  if (filter.exact_user()) {
    const UserId user = table.find_user(*filter.exact_user());
    rows = user == no_id ? 0 : table.devices_of(user);
  }
  return static_cast<uint32_t>(1 + rows / 1000);
}

Run::Run(const wire::Query& query, const Filter& filter, const SlotSet& slots,
         const Options& options)
    : query_(&query),
      filter_(&filter),
      slots_(slots),
      every_slot_(slots.all()),
      limit_(std::min(query.limit, options.limit_max)),
      bytes_max_(options.answer_bytes_max),
      slice_rows_(options.slice_rows),
      after_(query.after) {}

bool Run::slice(const Table& table, int64_t& budget) {
  if (query_->kind == wire::QueryKind::lookup) return look_up(table, budget);
  if (filter_->exact_device()) {
    budget -= find_visits;
    const RowId id = table.find(*filter_->exact_device());
    const bool wanted = id != no_id && table.device(id) > after_;
    if (wanted || (id != no_id && query_->kind == wire::QueryKind::count)) take(table, id, budget);
    return true;
  }
  if (filter_->exact_user()) {
    const UserId user = table.find_user(*filter_->exact_user());
    // A user with so many devices that sorting them is no slice is scanned like everybody.
    if (user == no_id) return true;
    if (table.devices_of(user) <= slice_rows_ && position_ == 0 && after_ == query_->after)
      return of_one_user(table, budget);
  }
  return query_->kind == wire::QueryKind::count ? count(table, budget) : list(table, budget);
}

bool Run::look_up(const Table& table, int64_t& budget) {
  for (; position_ < query_->devices.size(); ++position_) {
    if (budget <= 0) return false;
    budget -= find_visits;
    const RowId id = table.find(query_->devices[position_]);
    if (id == no_id || (!every_slot_ && !slots_.test(table.slot(id)))) continue;
    bytes_ += table.bytes(id);
    if (bytes_ > bytes_max_ && !found_.rows.empty()) {
      found_.too_large = true;
      return true;
    }
    budget -= row_visits;
    found_.rows.push_back(table.answer_row(id));
  }
  found_.count = found_.rows.size();
  return true;
}

bool Run::count(const Table& table, int64_t& budget) {
  for (; position_ < table.end(); ++position_) {
    if (budget <= 0) return false;
    if (position_ % walk_rows_per_visit == 0) --budget;
    if (!table.alive(position_)) continue;
    if (!every_slot_ && !slots_.test(table.slot(position_))) continue;
    if (filter_->matches(table, position_)) ++found_.count;
  }
  return true;
}

bool Run::list(const Table& table, int64_t& budget) {
  const auto& order = table.order();
  auto place = after_.empty() ? order.at_or_after("") : order.after(after_);
  budget -= find_visits;
  RowId last = no_id;
  for (; order.valid(place); place = order.next(place)) {
    if (budget <= 0 && last != no_id) {
      after_ = table.device(last);
      return false;
    }
    --budget;
    last = order.id(place);
    if (!take(table, last, budget)) return true;
  }
  return true;
}

bool Run::of_one_user(const Table& table, int64_t& budget) {
  std::vector<RowId> ids;
  const UserId user = table.find_user(*filter_->exact_user());
  for (RowId id = table.first_of(user); id != no_id; id = table.next_of_user(id)) ids.push_back(id);
  budget -= static_cast<int64_t>(ids.size());
  std::sort(ids.begin(), ids.end(),
            [&](RowId left, RowId right) { return table.device(left) < table.device(right); });
  for (const RowId id : ids) {
    const bool wanted = query_->kind == wire::QueryKind::count || table.device(id) > after_;
    if (wanted && !take(table, id, budget)) return true;
  }
  return true;
}

// A row that may match and lies behind the cursor. False: the answer is full.
bool Run::take(const Table& table, RowId id, int64_t& budget) {
  if (!every_slot_ && !slots_.test(table.slot(id))) return true;
  if (!filter_->matches(table, id)) return true;
  if (query_->kind == wire::QueryKind::count) {
    ++found_.count;
    return true;
  }
  bytes_ += table.bytes(id);
  budget -= row_visits;
  found_.rows.push_back(table.answer_row(id));
  found_.count = found_.rows.size();
  if (found_.rows.size() < limit_ && bytes_ < bytes_max_) return true;
  found_.next = found_.rows.back().device.device;
  return false;
}

}  // namespace muster::query
