#pragma once
// A TCP port that is listened on. Opened at start; afterwards it belongs to the loop of one shard.
// Accepted sockets are non-blocking, with TCP_NODELAY, which they inherit.
//
// The process keeps one descriptor in reserve for all its listeners. When there is no other, it is
// given up for a moment to turn a connection away; a lock keeps the other listeners from taking it.

#include <cstdint>
#include <string>

#include "core/base/expected.hpp"
#include "core/net/fd.hpp"

namespace muster::net {

struct Accepted {
  enum class Kind : uint8_t {
    connection,
    none,     // nobody waits, or whoever did has gone
    refused,  // one was turned away: the process has no descriptor left; try the next one
    stuck,    // `error`, and not even that was possible: leave the listener alone for a while
  };
  Kind kind = Kind::none;
  Fd socket;
  std::string address = {};  // of the peer
  int error = 0;
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

  Accepted accept();                       // never blocks
  uint16_t port() const { return port_; }  // the actual one
  std::string address() const { return local_address(socket_); }
  const Fd& fd() const { return socket_; }

 private:
  Listener(Fd socket, uint16_t port);

  Fd socket_;
  uint16_t port_ = 0;
};

}  // namespace muster::net
