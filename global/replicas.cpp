#include "global/replicas.hpp"

#include <algorithm>
#include <utility>

#include "core/wire/codec.hpp"

namespace muster::global {
namespace {

// A replica repeats what it asks until it is answered; the answer may be on its way.
constexpr Duration repeat_after = std::chrono::seconds(1);

}  // namespace

void Replicas::ask(Now now, const std::string& peer, const wire::ReplicaAsk& ask,
                   wire::Links& links) {
  const auto found = replicas_.find(peer);
  if (found != replicas_.end() && found->second.request == ask.request) {
    const Replica& known = found->second;
    if (known.phase != Phase::done || now.mono < known.answered + repeat_after) return;
  }
  if (replicas_.empty()) next_heartbeat_ = wire::next_beat(now.mono, options_.links.heartbeat);
  Replica& replica = replicas_[peer] = {};
  replica.request = ask.request;
  if (ask.slots.empty()) replica.slots.set();
  for (const uint16_t slot : ask.slots) {
    if (slot < wire::log_slot_count) replica.slots.set(slot);
  }
  replica.slots.set(wire::broker_slot);
  replica.slots.set(wire::user_slot);
  if (log_.can_resume(ask.have)) {
    ++resumes_;
    replica.sent = replica.told = ask.have.number;
    replica.answered = now.mono;
    send_entries(peer, replica, links, true);
    return;
  }
  replica.sent = log_.at().number;
  replica.phase = Phase::brokers;
}

// ---- deltas ----------------------------------------------------------------------------------

void Replicas::send_deltas(wire::Links& links) {
  for (auto& [peer, replica] : replicas_) {
    if (replica.phase == Phase::done) send_entries(peer, replica, links, false);
  }
}

void Replicas::send_entries(const std::string& peer, Replica& replica, wire::Links& links,
                            bool resumed) {
  wire::Delta delta;
  delta.request = replica.request;
  delta.era = log_.era();
  delta.resumed = resumed;
  std::vector<BytesView> entries;
  const auto send = [&](uint64_t at) {
    delta.previous = std::exchange(replica.told, at);
    delta.at = at;
    links.bulk_encoded(peer, wire::encode_delta(delta, entries));
    delta.resumed = false;
    entries.clear();
  };
  log_.ring().behind(replica.sent, [&](uint64_t number, uint16_t slot, BytesView bytes) {
    if (!replica.slots.test(slot)) return true;
    entries.push_back(bytes);
    if (entries.size() == options_.page_rows) send(number);
    return true;
  });
  if (delta.resumed || !entries.empty()) send(log_.at().number);
  replica.sent = log_.at().number;
}

void Replicas::tick(Now now, wire::Links& links) {
  if (replicas_.empty() || now.mono < next_heartbeat_) return;
  next_heartbeat_ = wire::next_beat(now.mono, options_.links.heartbeat);
  for (auto& [peer, replica] : replicas_) {
    if (replica.phase == Phase::done) heartbeat(peer, replica, links);
  }
}

void Replicas::heartbeat(const std::string& peer, Replica& replica, wire::Links& links) {
  wire::LogHeartbeat heartbeat{log_.at(), {}};
  for (uint16_t slot = 0; slot < wire::log_slot_count; ++slot) {
    if (replica.slots.test(slot)) heartbeat.slots.emplace_back(slot, log_.head(slot));
  }
  links.bulk(peer, heartbeat);
  replica.told = heartbeat.at.number;
}

// ---- snapshots -------------------------------------------------------------------------------

bool Replicas::has_page(const Replica& replica) const {
  if (replica.phase == Phase::changes) return replica.omitted <= log_.at().number;
  return replica.phase != Phase::done;
}

bool Replicas::has_work() const {
  return std::any_of(replicas_.begin(), replicas_.end(),
                     [this](const auto& replica) { return has_page(replica.second); });
}

void Replicas::work(Now now, wire::Links& links) {
  for (auto& [peer, replica] : replicas_) {
    if (has_page(replica)) send_page(now, peer, replica, links);
  }
}

void Replicas::send_page(Now now, const std::string& peer, Replica& replica, wire::Links& links) {
  if (!log_.covers(replica.sent)) {  // it took longer than the ring reaches back: once more
    Replica again;
    again.request = replica.request;
    again.slots = replica.slots;
    again.sent = log_.at().number;
    again.phase = Phase::brokers;
    replica = std::move(again);
  }
  wire::SnapshotPage page{replica.request, log_.at(), replica.page++, false, {}};
  page.last = fill_page(replica, page.entries);
  if (page.last) {
    ++snapshots_;
    replica.phase = Phase::done;
    replica.answered = now.mono;
    replica.sent = log_.at().number;
  }
  if (page.entries.empty() && !page.last) {
    --replica.page;
    return;
  }
  links.bulk(peer, page);
  if (page.last) heartbeat(peer, replica, links);
}

void Replicas::add(Replica& replica, std::vector<wire::LogEntry>& entries, uint64_t number,
                   uint16_t slot, const Log::Row& row) const {
  if (number <= log_.at().number) {
    entries.push_back({number, 0, slot, row});
  } else {  // not stored yet: the snapshot is not whole before this has come as a change
    replica.omitted = std::max(replica.omitted, number);
  }
}

// True: that was all.
bool Replicas::fill_page(Replica& replica, std::vector<wire::LogEntry>& entries) const {
  if (replica.phase == Phase::brokers) {
    for (const auto& [incarnation, broker] : brokers_.all()) {
      add(replica, entries, broker.number, wire::broker_slot, broker.row);
    }
    replica.phase = Phase::users;
  }
  if (replica.phase == Phase::users) {
    if (!fill_users(replica, entries)) return false;
    replica.phase = Phase::devices;
    replica.after.clear();
    replica.started = false;
  }
  if (replica.phase == Phase::devices) {
    if (!fill_devices(replica, entries)) return false;
    replica.phase = Phase::erased;
  }
  if (replica.phase == Phase::erased) {
    for (const auto& [slot, entry] : log_.erased_heads()) {
      if (replica.slots.test(slot) && entry.number == log_.head(slot)) {
        add(replica, entries, entry.number, slot, entry.row);
      }
    }
    replica.phase = Phase::changes;
  }
  bool full = false;
  log_.ring().behind(replica.sent, [&](uint64_t number, uint16_t slot, BytesView bytes) {
    full = entries.size() >= options_.page_rows;
    if (full) return false;
    if (replica.slots.test(slot)) entries.push_back(wire::decode_row(bytes).value());
    replica.sent = number;
    return true;
  });
  if (full) return false;
  return replica.omitted <= log_.at().number;
}

bool Replicas::fill_users(Replica& replica, std::vector<wire::LogEntry>& entries) const {
  const auto& rows = users_.all();
  auto row = replica.started ? rows.upper_bound(replica.after) : rows.begin();
  for (; row != rows.end(); ++row) {
    if (entries.size() >= options_.page_rows) return false;
    add(replica, entries, row->second.number, wire::user_slot, row->second.row);
    replica.after = row->first;
    replica.started = true;
  }
  return true;
}

bool Replicas::fill_devices(Replica& replica, std::vector<wire::LogEntry>& entries) const {
  for (; replica.slot < slot_count; ++replica.slot, replica.started = false) {
    if (!replica.slots.test(replica.slot)) continue;
    const auto& rows = devices_.slot(replica.slot);
    auto row = replica.started ? rows.upper_bound(replica.after) : rows.begin();
    for (; row != rows.end(); ++row) {
      if (entries.size() >= options_.page_rows) return false;
      add(replica, entries, row->second.number, replica.slot, row->second.row.whole());
      replica.after = row->first;
      replica.started = true;
    }
  }
  return true;
}

}  // namespace muster::global
