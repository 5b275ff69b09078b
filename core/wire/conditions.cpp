#include <fmt/core.h>

#include <array>
#include <optional>
#include <utility>

#include "core/wire/query_json.hpp"

namespace muster::wire {

namespace {

// The longer operators first: "<=" is not "<" and a value "=...".
constexpr std::array<std::pair<std::string_view, Compare>, 6> operators = {
    {{"!=", Compare::not_equal},
     {"<=", Compare::less_equal},
     {">=", Compare::greater_equal},
     {"=", Compare::equal},
     {"<", Compare::less},
     {">", Compare::greater}}};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The next word of `text` from `at` on, quotes taken off; nullopt: a quote is not closed.
std::optional<std::string> next_word(std::string_view text, size_t& at) {
  std::string word;
  bool quoted = false;
  for (; at < text.size() && (quoted || !is_space(text[at])); ++at) {
    if (text[at] == '"') {
      quoted = !quoted;
    } else if (quoted && text[at] == '\\' && at + 1 < text.size() &&
               (text[at + 1] == '"' || text[at + 1] == '\\')) {
      word += text[++at];
    } else {
      word += text[at];
    }
  }
  if (quoted) return std::nullopt;
  return word;
}

}  // namespace

Expected<Condition, JsonError> parse_condition(std::string_view text) {
  const size_t at = text.find_first_of("=!<>");
  if (at == std::string_view::npos)
    return Unexpected{JsonError{fmt::format("condition \"{}\" has none of = != < <= > >=", text)}};
  if (at == 0) return Unexpected{JsonError{fmt::format("condition \"{}\" has no field", text)}};
  for (const auto& [sign, compare] : operators) {
    if (!text.substr(at).starts_with(sign)) continue;
    Condition condition;
    condition.field = text.substr(0, at);
    condition.compare = compare;
    condition.value = text.substr(at + sign.size());
    if (compare != Compare::equal || !condition.value.ends_with('*')) return condition;
    condition.value.pop_back();
    if (condition.value.ends_with('\\')) {
      condition.value.back() = '*';  // "\*" is a star
    } else {
      condition.compare = Compare::prefix;
    }
    return condition;
  }
  return Unexpected{JsonError{fmt::format("condition \"{}\" has none of = != < <= > >=", text)}};
}

Expected<std::vector<Condition>, JsonError> parse_conditions(std::string_view text) {
  std::vector<Condition> conditions;
  for (size_t at = 0; at < text.size();) {
    if (is_space(text[at])) {
      ++at;
      continue;
    }
    const auto word = next_word(text, at);
    if (!word) return Unexpected{JsonError{"a quote is not closed"}};
    auto condition = parse_condition(*word);
    if (!condition) return Unexpected{condition.error()};
    conditions.push_back(std::move(*condition));
  }
  return conditions;
}

std::string to_text(const Condition& condition) {
  std::string sign = "=";
  for (const auto& [text, compare] : operators)
    if (compare == condition.compare) sign = text;
  std::string value = condition.value;
  if (condition.compare == Compare::equal && value.ends_with('*')) {
    value.back() = '\\';
    value += '*';
  }
  if (condition.compare == Compare::prefix) value += '*';
  if (value.find_first_of(" \t\r\n\"") == std::string::npos) return condition.field + sign + value;
  std::string quoted;
  for (const char c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return condition.field + sign + '"' + quoted + '"';
}

Expected<Priority, JsonError> parse_priority(std::string_view text) {
  for (const Priority priority :
       {Priority::low, Priority::normal, Priority::high, Priority::urgent}) {
    if (text == to_string(priority)) return priority;
  }
  return Unexpected{
      JsonError{fmt::format("priority \"{}\" is none of urgent, high, normal, low", text)}};
}

const char* to_string(Priority priority) {
  static constexpr std::array names = {"low", "normal", "high", "urgent"};
  return names.at(static_cast<size_t>(priority));
}

}  // namespace muster::wire
