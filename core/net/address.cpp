#include "core/net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

namespace muster::net {

Expected<Address, std::string> parse_address(const std::string& text) {
  const auto bad = [&text] { return Unexpected{text + ": not an address (host:port)"}; };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad();
  Address address;
  address.host = text.substr(0, colon);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc{} || stop != end) return bad();
  if (address.host.starts_with('[')) {
    if (!address.host.ends_with(']')) return bad();
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return bad();
  }
  if (address.host == "*") address.host.clear();
  return address;
}

std::string to_string(const Address& address) {
  const std::string port = ":" + std::to_string(address.port);
  if (address.host.empty()) return "*" + port;
  if (address.host.find(':') != std::string::npos) return "[" + address.host + "]" + port;
  return address.host + port;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace muster::net
