#include "query/filter.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace muster::query {

namespace {

using wire::Compare;

const char* text_of(Compare compare) {
  static constexpr std::array names = {"=", "!=", "<", "<=", ">", ">=", "= ...*"};
  return names.at(static_cast<size_t>(compare));
}

template <class T>
bool ordered(Compare compare, const T& left, const T& right) {
  switch (compare) {
    case Compare::equal:
      return left == right;
    case Compare::not_equal:
      return left != right;
    case Compare::less:
      return left < right;
    case Compare::less_equal:
      return left <= right;
    case Compare::greater:
      return left > right;
    case Compare::greater_equal:
      return left >= right;
    case Compare::prefix:
      break;
  }
  return false;
}

template <class T>
std::optional<T> number_from(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool by_text(Compare compare, std::string_view left, std::string_view right) {
  return compare == Compare::prefix ? left.starts_with(right) : ordered(compare, left, right);
}

std::string_view attribute(const RowView& row, const std::string& name) {
  if (!row.attributes) return {};
  const auto it = row.attributes->find(name);
  return it == row.attributes->end() ? std::string_view{} : it->second;
}

bool is_order(Compare compare) {
  return compare != Compare::equal && compare != Compare::not_equal && compare != Compare::prefix;
}

std::optional<int64_t> status_from(const std::string& text) {
  using wire::Status;
  for (const Status status : {Status::offline, Status::online, Status::unknown})
    if (text == wire::to_string(status)) return static_cast<int64_t>(status);
  return std::nullopt;
}

std::optional<int64_t> reason_from(const std::string& text) {
  for (int64_t reason = 0; reason <= static_cast<int64_t>(wire::GoneReason::not_listed); ++reason)
    if (text == wire::to_string(static_cast<wire::GoneReason>(reason))) return reason;
  return std::nullopt;
}

std::optional<int64_t> protocol_from(const std::string& text) {
  if (text == "3" || text == "3.1") return 3;
  if (text == "4" || text == "3.1.1") return 4;
  if (text == "5" || text == "5.0") return 5;
  return std::nullopt;
}

// Milliseconds since 1970, or "-<n><unit>": so long before now.
std::optional<int64_t> time_from(const std::string& text, int64_t now_ms) {
  if (!text.starts_with('-')) return number_from<int64_t>(text);
  static constexpr std::array<std::pair<std::string_view, int64_t>, 5> units = {
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  for (const auto& [unit, ms] : units) {
    if (!text.ends_with(unit)) continue;
    const auto count =
        number_from<uint32_t>(std::string_view{text}.substr(1, text.size() - 1 - unit.size()));
    if (count) return now_ms - ms * *count;
  }
  return std::nullopt;
}

}  // namespace

Expected<Filter, std::string> Filter::compile(const std::vector<wire::Condition>& where,
                                              int64_t now_ms) {
  if (where.size() > conditions_max) {
    return Unexpected{fmt::format("{} conditions, at most {}", where.size(), conditions_max)};
  }
  Filter filter;
  for (const wire::Condition& condition : where) {
    auto test = compile(condition, now_ms);
    if (!test) return Unexpected{test.error()};
    const bool equal = test->compare == Compare::equal;
    if (test->field == Field::user || test->field == Field::attribute) filter.reads_user_ = true;
    if (test->field == Field::attribute) filter.reads_attributes_ = true;
    if (test->field == Field::device && equal) filter.exact_device_ = test->text;
    if (test->field == Field::user && equal) filter.exact_user_ = test->text;
    filter.tests_.push_back(std::move(*test));
  }
  // What needs no look at the texts or at the user first: it decides for most rows of a scan.
  std::stable_sort(filter.tests_.begin(), filter.tests_.end(),
                   [](const Test& left, const Test& right) { return left.field > right.field; });
  return filter;
}

Expected<Filter::Test, std::string> Filter::compile(const wire::Condition& condition,
                                                    int64_t now_ms) {
  static constexpr std::array<std::pair<std::string_view, Field>, 9> fields = {
      {{"device", Field::device},
       {"user", Field::user},
       {"broker", Field::broker},
       {"address", Field::address},
       {"status", Field::status},
       {"why", Field::why},
       {"protocol", Field::protocol},
       {"since", Field::since},
       {"seen", Field::seen}}};
  Test test;
  test.compare = condition.compare;
  test.text = condition.value;
  if (condition.field.starts_with("attr.") && condition.field.size() > 5) {
    test.field = Field::attribute;
    test.name = condition.field.substr(5);
    test.real = number_from<double>(test.text);
    return test;
  }
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& known) {
    return known.first == condition.field;
  });
  if (field == fields.end()) {
    return Unexpected{
        fmt::format("unknown field \"{}\"; fields are device, user, status, broker, "
                    "address, protocol, why, since, seen, attr.<name>",
                    condition.field)};
  }
  test.field = field->second;
  if (test.field < Field::status) return test;

  const bool named = test.field == Field::status || test.field == Field::why;
  if (condition.compare == Compare::prefix || (named && is_order(condition.compare))) {
    return Unexpected{fmt::format("field {} cannot be compared with {}", condition.field,
                                  text_of(condition.compare))};
  }
  const auto number = test.field == Field::status     ? status_from(test.text)
                      : test.field == Field::why      ? reason_from(test.text)
                      : test.field == Field::protocol ? protocol_from(test.text)
                                                      : time_from(test.text, now_ms);
  if (!number) {
    const char* wanted = test.field == Field::status     ? "online, offline or unknown"
                         : test.field == Field::why      ? "a reason such as keep_alive_timeout"
                         : test.field == Field::protocol ? "3, 4 or 5"
                                                         : "milliseconds since 1970, or -10m";
    return Unexpected{
        fmt::format("bad value \"{}\" for {}: {}", test.text, condition.field, wanted)};
  }
  test.number = *number;
  return test;
}

bool Filter::matches(const RowView& row) const {
  return std::all_of(tests_.begin(), tests_.end(),
                     [&](const Test& test) { return holds(test, row); });
}

bool Filter::holds(const Test& test, const RowView& row) {
  switch (test.field) {
    case Field::device:
      return by_text(test.compare, row.device, test.text);
    case Field::user:
      return by_text(test.compare, row.user, test.text);
    case Field::broker:
      return by_text(test.compare, row.broker, test.text);
    case Field::address:
      return by_text(test.compare, row.address, test.text);
    case Field::attribute: {
      const std::string_view value = attribute(row, test.name);
      if (test.real && is_order(test.compare)) {
        const auto real = number_from<double>(value);
        return real && ordered(test.compare, *real, *test.real);
      }
      return by_text(test.compare, value, test.text);
    }
    case Field::status:
      return ordered(test.compare, static_cast<int64_t>(row.status), test.number);
    case Field::why:
      return ordered(test.compare, static_cast<int64_t>(row.why), test.number);
    case Field::protocol:
      return ordered(test.compare, int64_t{row.protocol}, test.number);
    case Field::since:
      return ordered(test.compare, row.since_ms, test.number);
    case Field::seen:
      return ordered(test.compare, row.last_seen_ms, test.number);
  }
  return false;
}

}  // namespace muster::query
