#include "core/net/routing_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace muster::net {

namespace {
constexpr size_t name_limit = 64;
}

bool is_node_name(std::string_view text) {
  return !text.empty() && text.size() <= name_limit &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

std::string make_routing_id(const std::string& name, Incarnation incarnation, uint64_t dial) {
  return fmt::format("{}#{:016x}#{}", name, static_cast<uint64_t>(incarnation), dial);
}

std::optional<RoutingId> parse_routing_id(std::string_view text) {
  const size_t first = text.find('#');
  const size_t second = first == text.npos ? text.npos : text.find('#', first + 1);
  if (second == text.npos) return std::nullopt;
  RoutingId id{text.substr(0, first), text.substr(first + 1, second - first - 1), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + second + 1, end, id.dial);
  if (error != std::errc{} || stop != end || !is_node_name(id.name)) return std::nullopt;
  return id;
}

bool is_newer(const std::string& routing_id, const std::string& known) {
  if (known.empty()) return true;
  const auto fresh = parse_routing_id(routing_id);
  const auto old = parse_routing_id(known);
  return fresh->incarnation != old->incarnation || fresh->dial >= old->dial;
}

}  // namespace muster::net
