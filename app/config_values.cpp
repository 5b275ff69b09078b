#include "app/config_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "broker/durability.hpp"
#include "core/mqtt/codec.hpp"
#include "core/net/address.hpp"

namespace muster::app {
namespace {

using Unit = std::pair<std::string_view, uint64_t>;

constexpr Unit byte_units[] = {{"B", 1},
                               {"KiB", uint64_t{1} << 10},
                               {"MiB", uint64_t{1} << 20},
                               {"GiB", uint64_t{1} << 30},
                               {"TiB", uint64_t{1} << 40}};
constexpr Unit time_units[] = {{"us", 1},           {"ms", 1'000},        {"s", 1'000'000},
                               {"min", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};
constexpr uint64_t max_quantity = uint64_t{std::numeric_limits<int64_t>::max()};

// "500ms" -> 500 * 1000. A unit is required.
template <size_t n>
std::optional<uint64_t> parse_quantity(std::string_view text, const Unit (&units)[n]) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> count = parse_count(text.substr(0, digits));
  if (!count) return std::nullopt;
  for (const auto& [name, factor] : units) {
    if (text.substr(digits) != name) continue;
    if (*count > max_quantity / factor) return std::nullopt;
    return *count * factor;
  }
  return std::nullopt;
}

std::pair<std::string_view, std::string_view> split(std::string_view text, std::string_view at) {
  const size_t found = text.find(at);
  if (found == std::string_view::npos) return {text, {}};
  return {text.substr(0, found), text.substr(found + at.size())};
}

// parse() of the text, kept between the bounds "low..high".
template <class T, class Parse>
std::optional<std::string> assign_bounded(T& place, std::string_view text, std::string_view bounds,
                                          std::string_view what, Parse parse) {
  const std::optional<T> value = parse(text);
  if (!value) return fmt::format("expected {}, not \"{}\"", what, text);
  const auto [low, high] = split(bounds, "..");
  if (*value < *parse(low) || *value > *parse(high)) {
    return fmt::format("{} is outside {} to {}", text, low, high);
  }
  place = *value;
  return std::nullopt;
}

bool is_address(std::string_view text) {
  return net::parse_address(std::string{text}).has_value();
}

bool is_node_name(std::string_view text) {
  return text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

bool is_topic_rule(std::string_view text) {
  const size_t equals = text.rfind('=');
  return equals != std::string_view::npos && mqtt::valid_topic_filter(text.substr(0, equals)) &&
         broker::parse_durability(text.substr(equals + 1));
}

// What an address to listen on ought to look like; empty: it does.
std::string_view unlike_listen(std::string_view text) {
  const auto [address, level] = split_listen(text);
  if (!level) return is_address(address) ? "" : "HOST:PORT";
  const bool right = is_address(address) && broker::parse_durability(*level);
  return right ? "" : "HOST:PORT=memory, HOST:PORT=process or HOST:PORT=power";
}

// The problem of one piece of text with bounds that are not "low..high".
std::optional<std::string> text_problem(std::string_view text, std::string_view bounds) {
  const auto unlike = [text](std::string_view expected) {
    return fmt::format("expected {}, not \"{}\"", expected, text);
  };
  if (bounds.empty()) return std::nullopt;
  if (bounds == "HOST:PORT[=LEVEL]") {
    if (const auto expected = unlike_listen(text); !expected.empty()) return unlike(expected);
  } else if (bounds == "FILTER=LEVEL") {
    if (!is_topic_rule(text)) return unlike("FILTER=memory, FILTER=process or FILTER=power");
  } else if (bounds == "ENDPOINT") {
    if (!text.empty() && !is_endpoint(text)) return unlike("tcp://HOST:PORT");
  } else if (bounds == "PATH") {
    if (text.empty()) return unlike("a path");
  } else if (bounds == "NAME") {
    if (!is_node_name(text)) return unlike("at most 64 letters, digits, \"-\", \"_\" or \".\"");
  } else {
    std::string_view rest = bounds;
    while (!rest.empty()) {
      const auto [choice, others] = split(rest, "|");
      if (choice == text) return std::nullopt;
      rest = others;
    }
    return unlike("one of " + std::string{bounds});
  }
  return std::nullopt;
}

struct Assign {
  const Field& field;
  std::string_view text;
  using Result = std::optional<std::string>;

  Result operator()(uint64_t* place) const {
    return assign_bounded(*place, text, field.bounds, "a whole number", parse_count);
  }
  Result operator()(ByteCount* place) const {
    return assign_bounded(*place, text, field.bounds, "a size such as 16MiB", parse_bytes);
  }
  Result operator()(Duration* place) const {
    return assign_bounded(*place, text, field.bounds, "a duration such as 500ms", parse_duration);
  }
  Result operator()(std::string* place) const {
    if (Result problem = text_problem(text, field.bounds)) return problem;
    *place = text;
    return std::nullopt;
  }
  Result operator()(std::vector<std::string>* place) const {
    std::vector<std::string> values;
    for (std::string_view rest = text; !rest.empty();) {
      const auto [value, others] = split(rest, ",");
      if (Result problem = text_problem(value, field.bounds)) return problem;
      values.emplace_back(value);
      rest = others;
    }
    *place = std::move(values);
    return std::nullopt;
  }
};

}  // namespace

std::optional<uint64_t> parse_count(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<ByteCount> parse_bytes(std::string_view text) {
  if (const auto plain = parse_count(text)) return ByteCount{*plain};
  if (const auto bytes = parse_quantity(text, byte_units)) return ByteCount{*bytes};
  return std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "forever") return forever;
  const auto us = parse_quantity(text, time_units);
  if (!us) return std::nullopt;
  return Duration{static_cast<int64_t>(*us)};
}

ListenAddress split_listen(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool is_endpoint(std::string_view text) {
  if (text.starts_with("inproc://")) return text.size() > 9;
  return text.starts_with("tcp://") && is_address(text.substr(6));
}

bool leaves_the_machine(std::string_view endpoint) {
  if (!endpoint.starts_with("tcp://")) return false;
  const auto address = net::parse_address(std::string{endpoint.substr(6)});
  return address && !net::is_loopback(address->host);
}

std::optional<std::string> assign(const Field& field, Config& config, std::string_view text) {
  return std::visit(Assign{field, text}, field.place(config));
}

std::string kind_of(const Field& field) {
  Config scratch;
  const Place place = field.place(scratch);
  if (std::holds_alternative<std::vector<std::string>*>(place)) {
    return fmt::format("list of {}", field.bounds.empty() ? "text" : field.bounds);
  }
  if (!field.bounds.empty()) return std::string{field.bounds};
  return "text";
}

}  // namespace muster::app
