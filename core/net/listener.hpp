#pragma once
// A TCP port that is listened on. Opened at start; afterwards it belongs to the loop of one shard.
// Accepted sockets are non-blocking, with TCP_NODELAY.

#include <cstdint>
#include <string>

#include "core/base/expected.hpp"
#include "core/net/fd.hpp"

namespace muster::net {

struct Accepted {
  enum class Kind : uint8_t {
    connection,
    none,     // nobody waits
    refused,  // one was turned away: the process has no descriptor left; try the next one
  };
  Kind kind = Kind::none;
  Fd socket;
};

class Listener {
 public:
  struct Options {
    bool shared_port = false;  // SO_REUSEPORT: several listeners, the kernel spreads connections
    int backlog = 4096;        // the kernel cuts it to net.core.somaxconn
  };

  // The error is one line for people: "127.0.0.1:1883: address already in use". Port 0: any.
  static Expected<Listener, std::string> open(const std::string& address, Options options);
  static Expected<Listener, std::string> open(const std::string& address) {
    return open(address, Options{});
  }

  Accepted accept();
  uint16_t port() const { return port_; }  // the actual one
  std::string address() const { return local_address(socket_); }
  const Fd& fd() const { return socket_; }

 private:
  Listener(Fd socket, uint16_t port);

  Fd socket_;
  Fd spare_;  // given up for a moment to turn a connection away when descriptors have run out
  uint16_t port_ = 0;
};

}  // namespace muster::net
