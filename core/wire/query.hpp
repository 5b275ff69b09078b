#pragma once
// Questions and answers about who is there (design.md section 7), as they travel between servers.
// The JSON form for $query and the tools is core/wire/query_json.hpp's.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/wire/rows.hpp"

namespace muster::wire {

enum class Priority : uint8_t { low = 0, normal = 1, high = 2, urgent = 3 };
constexpr size_t priority_count = 4;

enum class Compare : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, prefix };

// One condition of a conjunction. Fields: device, user, status, broker, address, protocol, why,
// since, seen (ms since 1970, or "-10m": that long before the asking), attr.<name>.
struct Condition {
  std::string field;
  Compare compare = Compare::equal;
  std::string value;
  bool operator==(const Condition&) const = default;
};

enum class QueryKind : uint8_t { lookup = 0, list = 1, count = 2 };

struct Query {
  QueryKind kind = QueryKind::lookup;
  std::vector<std::string> devices;  // lookup: one or a batch
  std::vector<Condition> where;      // list, count: all must hold
  uint32_t limit = 1000;             // list
  std::string after;                 // list: rows of devices greater than this (stable cursor)
  int64_t now_ms = 0;                // wall time of the asking, for relative times
  std::vector<uint16_t> slots;       // only these, of what the server holds itself; empty: all
  bool operator==(const Query&) const = default;
};

struct AnswerRow {
  DeviceRow device;
  Status status = Status::offline;
  std::map<std::string, std::string> attributes;  // of its user
  uint64_t number = 0;  // of the newest log entry that it shows, of the device or of its broker
  bool operator==(const AnswerRow&) const = default;
};

enum class Outcome : uint8_t {
  ok = 0,
  busy = 1,         // retry_after_ms says when
  unavailable = 2,  // no holder of a slot
  expired = 3,      // the deadline passed
  bad_query = 4,    // text says why
  forbidden = 5,
};
const char* to_string(Outcome outcome);

struct TaskId {
  Incarnation asker = Incarnation::none;
  uint64_t number = 0;
  auto operator<=>(const TaskId&) const = default;
};

// Exactly one Answer for each Task (protocol.md, Queries). A task is a read: the asker may ask
// again.
struct Task {
  TaskId id;
  std::string asker;  // node that gets the answer
  Priority priority = Priority::normal;
  uint64_t deadline_us = 0;  // left when sent, restamped at each hop
  bool redirected = false;   // by control: run it or say busy
  Query query;
  bool operator==(const Task&) const = default;
};

struct Answer {
  TaskId id;
  Outcome outcome = Outcome::ok;
  std::string text;
  uint32_t retry_after_ms = 0;
  std::vector<AnswerRow> rows;  // lookup: only known devices
  uint64_t count = 0;
  std::string next;  // list: cursor for more, else empty
  Position as_of;
  uint64_t lag_us = 0;  // since the replica last proved continuity
  std::string server;   // who ran it
  bool redirected = false;
  uint16_t answered = 0;  // k of n slots
  uint16_t asked = 0;
  bool operator==(const Answer&) const = default;
};

}  // namespace muster::wire
