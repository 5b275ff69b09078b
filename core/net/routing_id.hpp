#pragma once
// How a node names each of its ZeroMQ connections: `name#incarnation#dial`. Internal to core/net.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"

namespace muster::net {

struct RoutingId {  // parts of the text it was parsed from
  std::string_view name;
  std::string_view incarnation;
  uint64_t dial = 0;
};

bool is_node_name(std::string_view text);  // 1 to 64 letters, digits and . _ -

std::string make_routing_id(const std::string& name, Incarnation incarnation, uint64_t dial);
std::optional<RoutingId> parse_routing_id(std::string_view text);

// Does a connection replace the known one of its name? Not if it was dialled before it. Both ids
// are well-formed; nothing known is "".
bool is_newer(const std::string& routing_id, const std::string& known);

}  // namespace muster::net
