#include "query/feed.hpp"

#include <algorithm>

#include "query/run.hpp"

namespace muster::query {

namespace {

constexpr int64_t tell_visits = 3;  // a change made and kept, in row visits

}  // namespace

Feed::Feed(const Options& options) : ring_(options.ring_entries) {}

void Feed::listen(OnChange on_change, OnReset on_reset, OnSlotsDropped on_slots_dropped,
                  OnBlur on_blur) {
  on_change_ = std::move(on_change);
  on_reset_ = std::move(on_reset);
  on_slots_dropped_ = std::move(on_slots_dropped);
  on_blur_ = std::move(on_blur);
}

void Feed::apply(const wire::LogEntry& entry) {
  const auto& row = entry.row;
  if (const auto* device = std::get_if<wire::DeviceRow>(&row)) {
    apply_device(entry.number, *device, entry.slot);
  } else if (const auto* erased = std::get_if<wire::DeviceErased>(&row)) {
    apply_erased(entry.number, erased->device);
  } else if (const auto* user = std::get_if<wire::UserRow>(&row)) {
    apply_user(entry.number, *user);
  } else if (const auto* broker = std::get_if<wire::BrokerRow>(&row)) {
    apply_broker(entry.number, *broker);
  }
}

void Feed::apply_device(uint64_t number, const wire::DeviceRow& row, uint16_t slot) {
  Change change;
  change.number = number;
  const RowId old = table_.find(row.device);
  if (old != no_id) {
    tell_broker(old);
    change.before = settle(old);
  }
  const RowId id = table_.put(row, slot, number);
  const RowView after = table_.view(id);
  if (change.before && change.before.looks_like(after, table_.facts(id))) return;
  // What its broker's state says of it may become untold: the table would mix old and new.
  const bool through_broker = row.connected && after.status != wire::Status::online;
  if (through_broker) {
    change.after = table_.pack(id);
  } else {
    change.row = id;
  }
  push(std::move(change));
}

void Feed::apply_erased(uint64_t number, const std::string& device) {
  const RowId id = table_.find(device);
  if (id == no_id) return;
  tell_broker(id);
  Change change;
  change.number = number;
  change.before = settle(id);
  change.after = table_.pack(id);
  change.after.disconnect();
  table_.erase(id);
  if (change.before.status() != change.after.status()) push(std::move(change));
}

void Feed::apply_user(uint64_t number, const wire::UserRow& row) {
  const UserId user = table_.find_user(row.user);
  const bool many = user != no_id && table_.devices_of(user) > user_devices_max;
  std::vector<std::pair<RowId, PackedRow>> before;
  if (user != no_id && !many) {
    for (RowId id = table_.first_of(user); id != no_id; id = table_.next_of_user(id)) {
      tell_broker(id);
      before.emplace_back(id, settle(id));
    }
  }
  table_.put_user(row);
  if (many && on_reset_) on_reset_(true);
  for (auto& [id, was] : before) {
    Change change;
    change.number = number;
    change.only_attributes = true;
    change.before = std::move(was);
    if (change.before.same_attributes(table_.view(id))) continue;
    change.after = table_.pack(id);
    push(std::move(change));
  }
}

void Feed::apply_broker(uint64_t number, const wire::BrokerRow& row) {
  const uint64_t before = table_.broker_number(row.incarnation, row.name);
  if (!table_.put_broker(row, number)) return;
  if (walk_floor_ && before > *walk_floor_) {
    blurred_ = number;
    if (on_blur_) on_blur_();
  }
  if (to_visit_ == 0) walk_floor_ = number - 1;
  to_visit_ = table_.end();
}

// What the watchers of this row have not heard about its broker.
void Feed::tell_broker(RowId id) {
  if (!table_.untold(id)) return;
  Change change;
  change.number = table_.broker_number(id);
  change.before = settle(id);
  table_.tell(id);
  change.after = table_.pack(id);
  if (change.before.status() != change.after.status()) push(std::move(change));
}

void Feed::pump(int64_t& budget) {
  while (to_visit_ > 0 && budget > 0) {
    if (walk_ >= table_.end()) walk_ = 0;
    if (table_.alive(walk_) && table_.untold(walk_)) {
      tell_broker(walk_);
      budget -= tell_visits;
    }
    if (walk_ % Run::walk_rows_per_visit == 0) --budget;
    ++walk_;
    --to_visit_;
  }
  if (to_visit_ == 0) walk_floor_.reset();
}

// How watchers read the row before it changes: from now on its newest change knows that by itself.
PackedRow Feed::settle(RowId id) {
  PackedRow row = table_.pack(id, Read::told);
  ring_.settle(table_.change(id), row);
  return row;
}

RowView Feed::after(const Change& change) const {
  return change.after ? change.after.view() : table_.view(change.row, Read::told);
}

wire::AnswerRow Feed::answer(const Change& change) const {
  return change.after ? change.after.answer() : table_.answer_row(change.row, Read::told);
}

void Feed::push(Change change) {
  const RowId row = change.row;
  const uint64_t place = ring_.push(std::move(change));
  if (row != no_id) table_.set_change(row, place);
  if (on_change_) on_change_(*ring_.at(place), place);
}

void Feed::begin_snapshot() {
  table_.begin_replace();
}

void Feed::load(const wire::LogEntry& entry) {
  const auto& row = entry.row;
  if (const auto* device = std::get_if<wire::DeviceRow>(&row)) {
    const RowId id = table_.find(device->device);
    if (id != no_id) settle(id);
    table_.put(*device, entry.slot, entry.number);
  } else if (const auto* erased = std::get_if<wire::DeviceErased>(&row)) {
    const RowId id = table_.find(erased->device);
    if (id == no_id) return;
    settle(id);
    table_.erase(id);
  } else if (const auto* user = std::get_if<wire::UserRow>(&row)) {
    table_.put_user(*user);
  } else if (const auto* broker = std::get_if<wire::BrokerRow>(&row)) {
    table_.put_broker(*broker, entry.number);
  }
}

void Feed::end_snapshot(Position at) {
  table_.end_replace();
  ring_.clear(at.number);
  old_eras_.clear();
  era_ = at.era;
  proven_ = at.number;
  to_visit_ = 0;
  walk_floor_.reset();
  if (on_reset_) on_reset_(false);
}

void Feed::resumed(uint64_t era, uint64_t number) {
  if (old_eras_.size() == eras_kept) old_eras_.erase(old_eras_.begin());
  old_eras_.push_back({era_, number});
  era_ = era;
}

void Feed::drop_slots_outside(const SlotSet& slots) {
  for (uint64_t place = ring_.first(); place < ring_.end(); ++place) {
    if (!ring_.at(place)->after) settle(ring_.at(place)->row);
  }
  table_.erase_slots_outside(slots);
  if (on_slots_dropped_) on_slots_dropped_();
}

Position Feed::told() const {
  return {era_, std::min(walk_floor_.value_or(proven_), proven_)};
}

bool Feed::covers(Position position) const {
  if (position.era > era_ || !ring_.covers(position.number)) return false;
  if (position.number < blurred_) return false;
  if (position.era == era_) return true;
  // It goes on if it was before the end of its own era and of every later one.
  bool found = false;
  for (const EraEnd& old : old_eras_) {
    if (old.era < position.era) continue;
    found |= old.era == position.era;
    if (position.number > old.number) return false;
  }
  return found;
}

}  // namespace muster::query
