#pragma once
// Rows for tests, short to write.

#include <string>
#include <utility>
#include <vector>

#include "core/wire/messages.hpp"

namespace muster::query::testing {

constexpr Incarnation broker_1{101};
constexpr Incarnation broker_2{102};

inline wire::DeviceRow online(const std::string& device, const std::string& user = "ann",
                              Incarnation broker = broker_1, uint64_t serial = 1) {
  wire::DeviceRow row;
  row.device = device;
  row.user = user;
  row.connected = true;
  row.broker = broker;
  row.broker_name = broker == broker_1 ? "b1" : "b2";
  row.serial = Serial{serial};
  row.term = Term{serial};
  row.address = "10.0.0.1:" + std::to_string(serial);
  row.protocol = 5;
  row.since_ms = row.last_seen_ms = 1000 + static_cast<int64_t>(serial);
  return row;
}
inline wire::DeviceRow offline(const std::string& device, const std::string& user = "ann",
                               wire::GoneReason why = wire::GoneReason::disconnected) {
  wire::DeviceRow row = online(device, user);
  row.connected = false;
  row.why = why;
  return row;
}
inline wire::BrokerRow broker(Incarnation incarnation, wire::BrokerState state,
                              int64_t since_ms = 5000) {
  return {incarnation == broker_1 ? "b1" : "b2", incarnation, state, since_ms};
}

// Global's log as it numbers entries: each names the one before it in its slot.
class Log {
 public:
  template <class Row>
  wire::LogEntry add(Row row) {
    wire::LogEntry entry;
    entry.number = ++number_;
    entry.slot = slot_of_row(row);
    entry.previous = heads_[entry.slot];
    heads_[entry.slot] = entry.number;
    entry.row = std::move(row);
    entries_.push_back(entry);
    return entry;
  }
  Position at() const { return {era, number_}; }
  const std::vector<wire::LogEntry>& entries() const { return entries_; }
  wire::LogHeartbeat heartbeat() const {
    wire::LogHeartbeat heartbeat{at(), {}};
    for (uint16_t slot = 0; slot < wire::log_slot_count; ++slot)
      heartbeat.slots.emplace_back(slot, heads_[slot]);
    return heartbeat;
  }
  void skip(uint64_t numbers) { number_ += numbers; }

  uint64_t era = 1;

 private:
  static uint16_t slot_of_row(const wire::DeviceRow& row) { return slot(row.device); }
  static uint16_t slot_of_row(const wire::DeviceErased& row) { return slot(row.device); }
  static uint16_t slot_of_row(const wire::UserRow&) { return wire::user_slot; }
  static uint16_t slot_of_row(const wire::BrokerRow&) { return wire::broker_slot; }
  static uint16_t slot(const std::string& name) { return static_cast<uint16_t>(slot_of(name)); }

  uint64_t number_ = 0;
  std::vector<uint64_t> heads_ = std::vector<uint64_t>(wire::log_slot_count, 0);
  std::vector<wire::LogEntry> entries_;
};

}  // namespace muster::query::testing
