#pragma once
// The other end of a Listener: begins a TCP connection. Used by whoever plays many clients at once.
// The socket is non-blocking, with TCP_NODELAY; a Loop says `writable` once it is connected, and
// `hangup` when it could not be.

#include <cstdint>
#include <string>

#include "core/base/expected.hpp"
#include "core/net/address.hpp"
#include "core/net/fd.hpp"

namespace muster::net {

// `to` is an IPv4 address (net::numeric). To a loopback address the `nth` connection comes from one
// of 127.0.0.1 to 127.0.0.32, so that a process is not out of ports after 28,000 of them. The error
// is one line for people.
Expected<Fd, std::string> dial(const Address& to, uint32_t nth);

}  // namespace muster::net
