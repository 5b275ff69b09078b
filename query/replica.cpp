#include "query/replica.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace muster::query {

Replica::Replica(const Options& options, Rows& rows)
    : options_(options), rows_(rows), newest_(wire::log_slot_count, 0) {}

void Replica::hold(Now now, const SlotSet& slots) {
  if (wanted_ && *wanted_ == slots) return;
  const bool fewer = loaded_ && wanted_ && (slots & ~held_).none();
  wanted_ = slots;
  held_ &= slots;
  rows_.drop_slots_outside(slots);
  // Rows of more slots only come with a snapshot of them all.
  if (!fewer) loaded_ = false;
  if (phase_ != Phase::away) ask_again(now);
}

void Replica::global_up(Now now, Incarnation incarnation) {
  phase_ = Phase::asking;
  // A new global may have lost what it had not committed: it must judge the newest number that is
  // in the rows. If there is a gap before that, its first heartbeat says so.
  const bool same = global_ == incarnation;
  global_ = incarnation;
  ask(now, same ? proven_ : Position{proven_.era, std::max(applied_, proven_.number)});
}

void Replica::global_down() {
  phase_ = Phase::away;
  ask_at_ = never;
  ask_now_ = false;
}

void Replica::ask(Now now, Position have) {
  have_ = have;
  phase_ = Phase::asking;
  next_page_ = 0;
  if (!wanted_) return;
  ++request_;
  ask_now_ = true;
  ask_at_ = now.mono + options_.ask_again;
}

void Replica::gap(Now now) {
  ++gaps_;
  log::warning("replica: gap in the log after {}.{}, asking again", proven_.era, proven_.number);
  ask_again(now);
}

void Replica::tick(Now now) {
  if (now.mono < ask_at_) return;
  // Nothing came: the same question again. Pages or the log stopped coming: a new one.
  if (phase_ == Phase::loading || phase_ == Phase::following) return ask_again(now);
  ask_now_ = true;
  ask_at_ = now.mono + options_.ask_again;
}

Instant Replica::next_wake() const {
  return ask_at_;
}

std::optional<wire::ReplicaAsk> Replica::take_ask() {
  if (!ask_now_) return std::nullopt;
  ask_now_ = false;
  wire::ReplicaAsk message;
  message.request = request_;
  if (loaded_) message.have = have_;
  if (!wanted_->all()) message.slots = to_list(*wanted_);
  return message;
}

void Replica::receive(Now now, const wire::SnapshotPage& page) {
  if (page.request != request_) return;
  if (phase_ == Phase::following || phase_ == Phase::away) return;  // a second copy
  if (page.page == 0) {
    phase_ = Phase::loading;
    next_page_ = 0;
    loaded_ = false;  // half of it in the rows: only a whole one will do now
    rows_.begin_snapshot();
  }
  if (phase_ != Phase::loading || page.page != next_page_) return gap(now);
  ++next_page_;
  ask_at_ = now.mono + options_.ask_again;
  for (const wire::LogEntry& entry : page.entries)
    if (concerns(entry.slot)) rows_.load(entry);
  if (page.last) finish_snapshot(now, page.at);
}

void Replica::finish_snapshot(Now now, Position at) {
  phase_ = Phase::following;
  ask_at_ = now.mono + options_.silence_max;
  loaded_ = true;
  held_ = *wanted_;
  proven_ = at;
  applied_ = at.number;
  std::fill(newest_.begin(), newest_.end(), 0);
  ++snapshots_;
  rows_.end_snapshot(at);
  rooted_ = true;
  chain_ = at.number;
  end_at(now, at.number);
}

void Replica::receive(Now now, const wire::Delta& delta) {
  if (delta.request != request_) return;
  if (phase_ == Phase::asking && delta.resumed && loaded_) resume(delta.era);
  if (phase_ != Phase::following) return;
  ask_at_ = now.mono + options_.silence_max;
  if (delta.era != proven_.era) return ask_again(now);
  if (delta.previous > chain_) return gap(now);
  for (const wire::LogEntry& entry : delta.entries)
    if (!follow(entry)) return gap(now);
  if (delta.at > 0) end_at(now, delta.at);
}

void Replica::resume(uint64_t era) {
  phase_ = Phase::following;
  held_ = *wanted_;
  chain_ = have_.number;
  rooted_ = have_.number <= proven_.number;
  if (proven_.era == era) return;
  proven_.era = era;
  rows_.resumed(era, have_.number);
}

// A message in an unbroken row of messages ended here.
void Replica::end_at(Now now, uint64_t number) {
  chain_ = std::max(chain_, number);
  if (!rooted_) return;
  proven_.number = chain_;
  proven_at_ = now.mono;
  rows_.proven(proven_);
}

bool Replica::follow(const wire::LogEntry& entry) {
  if (!concerns(entry.slot) || entry.number <= known(entry.slot)) return true;
  if (entry.previous > known(entry.slot)) return false;
  newest_[entry.slot] = entry.number;
  applied_ = std::max(applied_, entry.number);
  rows_.apply(entry);
  return true;
}

void Replica::receive(Now now, const wire::LogHeartbeat& heartbeat) {
  if (phase_ != Phase::following) return;
  ask_at_ = now.mono + options_.silence_max;
  if (heartbeat.at.era != proven_.era) return ask_again(now);
  size_t listed = 0;
  for (const auto& [slot, number] : heartbeat.slots) {
    if (!concerns(slot)) continue;
    if (number > known(slot)) return gap(now);
    ++listed;
  }
  if (listed < wanted_->count() + (wire::log_slot_count - slot_count)) return;
  rooted_ = true;
  end_at(now, heartbeat.at.number);
}

bool Replica::concerns(uint16_t slot) const {
  if (slot >= slot_count) return slot < wire::log_slot_count;
  return wanted_->test(slot);
}

}  // namespace muster::query
