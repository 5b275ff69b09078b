#pragma once
// A plain blocking TCP client for the tests of core/net.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "core/net/fd.hpp"

namespace muster::net::testing {

inline Fd connect_to(uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return {};
  return socket;
}

// Waits until the peer ends; "<reset>" at the end when it did so the hard way.
inline std::string read_all(const Fd& socket) {
  std::string all;
  char buffer[65536];
  while (true) {
    const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got == 0) return all;
    if (got < 0) return all + "<reset>";
    all.append(buffer, static_cast<size_t>(got));
  }
}

inline void write_all(const Fd& socket, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        ::send(socket.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (put < 0) return;
    done += static_cast<size_t>(put);
  }
}

}  // namespace muster::net::testing
