#include "core/net/dial.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace muster::net {
namespace {

constexpr uint32_t loopback_sources = 32;

Unexpected<std::string> failure(const Address& to) {
  return Unexpected{to_string(to) + ": " + std::strerror(errno)};
}

// The port is chosen at connect(), where one that is in use towards other peers will do.
bool bind_to_loopback(const Fd& socket, uint32_t nth) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + nth % loopback_sources);
  return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&source), sizeof source) == 0;
}

}  // namespace

Expected<Fd, std::string> dial(const Address& to, uint32_t nth) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(to.port);
  if (inet_pton(AF_INET, to.host.c_str(), &peer.sin_addr) != 1) {
    return Unexpected{to_string(to) + ": not an IPv4 address"};
  }
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return failure(to);
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (is_loopback(to.host) && !bind_to_loopback(socket, nth)) return failure(to);
  const auto* address = reinterpret_cast<const sockaddr*>(&peer);
  if (::connect(socket.get(), address, sizeof peer) != 0 && errno != EINPROGRESS) {
    return failure(to);
  }
  return socket;
}

}  // namespace muster::net
