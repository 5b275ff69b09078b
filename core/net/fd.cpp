#include "core/net/fd.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace muster::net {
namespace {

IoResult outcome(ssize_t moved) {
  if (moved >= 0) return {IoStatus::ok, static_cast<size_t>(moved)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::would_block, 0};
  return {IoStatus::failed, 0};
}

std::string v4_text(const uint8_t* ip, uint16_t port) {
  return fmt::format("{}.{}.{}.{}:{}", ip[0], ip[1], ip[2], ip[3], port);
}

std::string v6_text(const sockaddr_in6& address) {
  const in6_addr& ip = address.sin6_addr;
  const uint16_t port = ntohs(address.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&ip)) return v4_text(&ip.s6_addr[12], port);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &ip, text, sizeof text);
  return fmt::format("[{}]:{}", text, port);
}

}  // namespace

std::string address_text(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    return v4_text(reinterpret_cast<const uint8_t*>(&address.sin_addr), ntohs(address.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    return v6_text(address);
  }
  return "unknown";
}

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

IoResult receive(const Fd& socket, char* buffer, size_t size) {
  ssize_t got = 0;
  do {
    got = ::recv(socket.get(), buffer, size, MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got == 0 && size > 0) return {IoStatus::closed, 0};
  return outcome(got);
}

IoResult send(const Fd& socket, BytesView bytes) {
  ssize_t put = 0;
  do {
    put = ::send(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  return outcome(put);
}

IoResult send(const Fd& socket, std::span<const BytesView> parts) {
  iovec vector[gather_limit];
  const size_t count = std::min(parts.size(), gather_limit);
  for (size_t i = 0; i < count; ++i) {
    vector[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vector;
  message.msg_iovlen = count;
  ssize_t put = 0;
  do {
    put = ::sendmsg(socket.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (put < 0 && errno == EINTR);
  return outcome(put);
}

void shutdown_output(const Fd& socket) {
  ::shutdown(socket.get(), SHUT_WR);
}

std::string local_address(const Fd& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0)
    return "unknown";
  return address_text(storage);
}

}  // namespace muster::net
