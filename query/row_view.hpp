#pragma once
// A device row as it is read: what a filter looks at, as views into a Table, an AnswerRow or a
// PackedRow, and the facts beside it that an answer has.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/wire/query.hpp"

namespace muster::query {

using RowId = uint32_t;
constexpr uint32_t no_id = UINT32_MAX;

using Attributes = std::map<std::string, std::string>;

struct RowView {
  std::string_view device, user, broker, address;
  wire::Status status = wire::Status::offline;
  wire::GoneReason why = wire::GoneReason::none;
  uint8_t protocol = 0;
  int64_t since_ms = 0;
  int64_t last_seen_ms = 0;
  const Attributes* attributes = nullptr;  // null: none
};
RowView view_of(const wire::AnswerRow& row);

struct RowFacts {
  uint64_t number = 0;  // of the newest log entry that it shows
  Incarnation broker = Incarnation::none;
  Serial serial = Serial::none;
  Term term = Term::none;
  uint16_t keep_alive_s = 0;
  bool connected = false;
  bool persistent = false;
};
wire::AnswerRow answer_of(const RowView& view, const RowFacts& facts);

}  // namespace muster::query
