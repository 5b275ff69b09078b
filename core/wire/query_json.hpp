#pragma once
// Questions and answers as people and programs write them: JSON for $query and the tools, a short
// text for conditions ("status=online broker=b1 seen<-10m device=tv-*"), and the JSON of one row
// for $user/<user>/presence. Times are ISO 8601 UTC with milliseconds. Pure functions, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.hpp"
#include "core/base/time.hpp"
#include "core/wire/query.hpp"

namespace muster::wire {

struct JsonError {
  std::string text;  // one line
};

struct QueryRequest {
  Query query;
  Priority priority = Priority::normal;
  Duration timeout = std::chrono::milliseconds(2000);  // 1 ms .. 60 s
  std::string server;  // asked first if it is up; empty: whichever holds the slots
  std::string id;      // the request's "id" as JSON text, handed back with the answer; empty: none
};

// {"kind":"list","where":["status=online","attr.room=kitchen"],"limit":100,"after":"","priority":
// "normal","timeout_ms":2000,"id":any} or {"devices":["a","b"]}. Without "kind": devices mean
// lookup, otherwise list. An unknown key is an error. `where` may also be one text of conditions.
Expected<QueryRequest, JsonError> parse_query(BytesView json, WallTime now);

std::string to_json(const Answer& answer, std::string_view id = {});
std::string to_json(const AnswerRow& row, uint32_t skipped = 0);  // one line, stable key order
std::string error_json(std::string_view text, std::string_view id = {});  // outcome bad_query

// Conditions separated by white space; all must hold. A value with spaces stands in double quotes.
Expected<std::vector<Condition>, JsonError> parse_conditions(std::string_view text);
Expected<Condition, JsonError> parse_condition(std::string_view text);
std::string to_text(const Condition& condition);

Expected<Priority, JsonError> parse_priority(std::string_view text);
const char* to_string(Priority priority);

std::string iso_time(int64_t ms_since_1970);

}  // namespace muster::wire
