#pragma once
// "host:port" as people write it: "127.0.0.1:1883", "localhost:1883", "[::1]:1883", "*:1883".

#include <cstdint>
#include <string>

#include "core/base/expected.hpp"

namespace muster::net {

struct Address {
  std::string host;  // without brackets; "" is every interface ("*" or nothing was written)
  uint16_t port = 0;
};

Expected<Address, std::string> parse_address(const std::string& text);
std::string to_string(const Address& address);

// Only this machine can reach it: 127.0.0.0/8, ::1, localhost.
bool is_loopback(const std::string& host);

// A host name as an IPv4 address; addresses, and names that are unknown, as they are. May block on
// the resolver: at start only.
std::string numeric(const std::string& host);

}  // namespace muster::net
