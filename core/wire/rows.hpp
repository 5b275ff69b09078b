#pragma once
// The rows that say who is there (design.md section 5) and the entries of global's one log that
// carry them to the replicas. `unknown` is not stored: a device row is read through the row of its
// broker's incarnation (see read_status).

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"

namespace muster::wire {

enum class Status : uint8_t { offline = 0, online = 1, unknown = 2 };
const char* to_string(Status status);

enum class BrokerState : uint8_t { alive = 0, unreachable = 1, dead = 2 };

// Why a connection ended; also the `why` of an offline row.
enum class GoneReason : uint8_t {
  none = 0,                    // it is connected
  disconnected = 1,            // DISCONNECT 0x00: no will
  disconnected_with_will = 2,  // DISCONNECT 0x04
  connection_lost = 3,
  keep_alive_timeout = 4,
  taken_over = 5,
  protocol_error = 6,
  server_shutdown = 7,
  administrative = 8,
  broker_lost = 9,  // its broker died
  not_listed = 10,  // its broker came back without it
};
const char* to_string(GoneReason reason);

struct DeviceRow {
  std::string device;  // client id
  std::string user;
  std::string broker_name;
  std::string address;
  Incarnation broker = Incarnation::none;
  Serial serial = Serial::none;
  Term term = Term::none;    // connection number: rises with each connection of the device
  int64_t since_ms = 0;      // wall: of the present state
  int64_t last_seen_ms = 0;  // wall: end of the last connection, or start of this one
  uint16_t keep_alive_s = 0;
  uint8_t protocol = 0;  // 3, 4, 5
  bool connected = false;
  bool persistent = false;
  GoneReason why = GoneReason::none;
  bool operator==(const DeviceRow&) const = default;
};
struct DeviceErased {
  std::string device;
  bool operator==(const DeviceErased&) const = default;
};
// Belongs to every slot, as a BrokerRow does: a device of any slot is read through its user.
struct UserRow {
  std::string user;
  std::map<std::string, std::string> attributes;
  bool operator==(const UserRow&) const = default;
};
// Belongs to every slot: sent to all replicas whatever slots they hold.
struct BrokerRow {
  std::string name;
  Incarnation incarnation = Incarnation::none;
  BrokerState state = BrokerState::alive;
  int64_t since_ms = 0;
  bool operator==(const BrokerRow&) const = default;
};

// A device row read through its broker's state.
Status read_status(const DeviceRow& row, BrokerState broker);

// The slot numbers of BrokerRow and UserRow entries; every replica gets both, whatever it holds.
constexpr uint16_t broker_slot = slot_count;
constexpr uint16_t user_slot = slot_count + 1;
constexpr uint16_t log_slot_count = slot_count + 2;

struct LogEntry {
  uint64_t number = 0;
  uint64_t previous = 0;  // number of the entry before it in the same slot; 0: first of the store
  uint16_t slot = 0;
  std::variant<DeviceRow, DeviceErased, UserRow, BrokerRow> row;
  bool operator==(const LogEntry&) const = default;
};

}  // namespace muster::wire
