#include "core/wire/query_json.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace muster::wire {

namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr size_t id_max = 4096;  // bytes of the request's id
constexpr int64_t timeout_max_ms = 60'000;

template <class J>
std::string dump(const J& json) {  // texts that are no UTF-8 must not throw
  return json.dump(-1, ' ', false, J::error_handler_t::replace);
}

Unexpected<JsonError> bad(std::string text) {
  return Unexpected{JsonError{std::move(text)}};
}

// One reader for each key; an empty text means that all is well.
std::string read_where(const Json& value, Query& query) {
  const char* wanted = "\"where\" must be a list of conditions, or one text of them";
  if (value.is_string()) {
    auto conditions = parse_conditions(value.get_ref<const std::string&>());
    if (!conditions) return conditions.error().text;
    query.where = std::move(*conditions);
    return {};
  }
  if (!value.is_array()) return wanted;
  for (const Json& text : value) {
    if (!text.is_string()) return wanted;
    auto condition = parse_condition(text.get_ref<const std::string&>());
    if (!condition) return condition.error().text;
    query.where.push_back(std::move(*condition));
  }
  return {};
}

std::string read_devices(const Json& value, Query& query) {
  const char* wanted = "\"devices\" must be a list of client ids";
  if (!value.is_array()) return wanted;
  for (const Json& device : value) {
    if (!device.is_string()) return wanted;
    query.devices.push_back(device.get<std::string>());
  }
  return {};
}

std::string read_kind(const Json& value, Query& query) {
  if (value == "lookup") {
    query.kind = QueryKind::lookup;
  } else if (value == "list") {
    query.kind = QueryKind::list;
  } else if (value == "count") {
    query.kind = QueryKind::count;
  } else {
    return "\"kind\" must be lookup, list or count";
  }
  return {};
}

std::string read_number(const Json& value, const char* key, int64_t max, int64_t& number) {
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t(INT64_MAX));
  if (fits) number = value.get<int64_t>();
  if (!fits || number < 1 || number > max)
    return fmt::format("\"{}\" must be a number from 1 to {}", key, max);
  return {};
}

std::string read_key(const std::string& key, const Json& value, QueryRequest& request) {
  if (key == "kind") return read_kind(value, request.query);
  if (key == "where") return read_where(value, request.query);
  if (key == "devices") return read_devices(value, request.query);
  int64_t number = 0;
  if (key == "limit") {
    std::string problem = read_number(value, "limit", UINT32_MAX, number);
    request.query.limit = static_cast<uint32_t>(number);
    return problem;
  }
  if (key == "timeout_ms") {
    std::string problem = read_number(value, "timeout_ms", timeout_max_ms, number);
    request.timeout = std::chrono::milliseconds(number);
    return problem;
  }
  if (key == "after") {
    if (!value.is_string()) return "\"after\" must be a text";
    request.query.after = value.get<std::string>();
    return {};
  }
  if (key == "priority") {
    const auto priority = parse_priority(value.is_string() ? value.get<std::string>() : "");
    if (!priority) return priority.error().text;
    request.priority = *priority;
    return {};
  }
  if (key == "server") {
    if (!value.is_string()) return "\"server\" must be a text";
    request.server = value.get<std::string>();
    return {};
  }
  if (key == "id") {
    request.id = dump(value);
    return request.id.size() <= id_max ? "" : fmt::format("\"id\" is over {} bytes", id_max);
  }
  return fmt::format(
      "unknown key \"{}\"; keys are kind, devices, where, limit, after, priority, "
      "timeout_ms, server, id",
      key);
}

Ordered row_json(const AnswerRow& row) {
  const DeviceRow& device = row.device;
  Ordered json;
  json["device"] = device.device;
  json["user"] = device.user;
  json["status"] = to_string(row.status);
  json["broker"] = device.broker_name;
  json["address"] = device.address;
  json["protocol"] = device.protocol;
  json["since"] = iso_time(device.since_ms);
  json["seen"] = iso_time(device.last_seen_ms);
  json["why"] = to_string(device.why);
  json["attributes"] = Ordered::object();
  for (const auto& [name, value] : row.attributes) json["attributes"][name] = value;
  return json;
}

// The id is JSON text from parse_query, so it stands first as it came.
std::string with_id(const Ordered& json, std::string_view id) {
  std::string text = dump(json);
  if (!id.empty()) text = fmt::format("{{\"id\":{},{}", id, text.substr(1));
  return text;
}

}  // namespace

Expected<QueryRequest, JsonError> parse_query(BytesView text, WallTime now) {
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return bad("not JSON");
  if (!json.is_object()) return bad("a query is a JSON object");
  QueryRequest request;
  request.query.now_ms = now.ms;
  request.query.kind = json.contains("devices") ? QueryKind::lookup : QueryKind::list;
  for (const auto& [key, value] : json.items()) {
    std::string problem = read_key(key, value, request);
    if (!problem.empty()) return bad(std::move(problem));
  }
  const Query& query = request.query;
  if (query.kind == QueryKind::lookup) {
    if (query.devices.empty()) return bad("a lookup needs \"devices\"");
    for (const char* key : {"where", "limit", "after"})
      if (json.contains(key)) return bad(fmt::format("a lookup takes no \"{}\"", key));
  } else if (json.contains("devices")) {
    return bad("\"devices\" belong to a lookup; use \"where\"");
  }
  return request;
}

std::string to_json(const Answer& answer, std::string_view id) {
  Ordered json;
  json["outcome"] = to_string(answer.outcome);
  if (!answer.text.empty()) json["text"] = answer.text;
  json["rows"] = Ordered::array();
  for (const AnswerRow& row : answer.rows) json["rows"].push_back(row_json(row));
  json["count"] = answer.count;
  json["next"] = answer.next;
  json["as_of"]["era"] = answer.as_of.era;
  json["as_of"]["number"] = answer.as_of.number;
  json["lag_ms"] = answer.lag_us / 1000;
  json["server"] = answer.server;
  json["answered"] = answer.answered;
  json["asked"] = answer.asked;
  json["redirected"] = answer.redirected;
  json["retry_after_ms"] = answer.retry_after_ms;
  return with_id(json, id);
}

std::string to_json(const AnswerRow& row, uint32_t skipped) {
  Ordered json = row_json(row);
  if (skipped > 0) json["skipped"] = skipped;
  return dump(json);
}

std::string error_json(std::string_view text, std::string_view id) {
  Ordered json;
  json["outcome"] = to_string(Outcome::bad_query);
  json["text"] = text;
  return with_id(json, id);
}

std::string iso_time(int64_t ms_since_1970) {
  using namespace std::chrono;
  constexpr int64_t year_0 = -62'167'219'200'000, year_9999 = 253'402'300'799'999;
  const sys_time<milliseconds> at{milliseconds{std::clamp(ms_since_1970, year_0, year_9999)}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss<milliseconds> clock{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace muster::wire
