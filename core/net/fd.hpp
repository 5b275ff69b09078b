#pragma once
// A file descriptor that closes itself, and the few calls that move bytes through a socket. All
// calls are non-blocking and never raise SIGPIPE. One owner at a time; before a socket moves to
// another thread its owner removes it from its Loop.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"

struct sockaddr_storage;

namespace muster::net {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

enum class IoStatus : uint8_t {
  ok,
  would_block,
  closed,  // the peer ended its side in an orderly way
  failed,  // the connection is broken
};
struct IoResult {
  IoStatus status = IoStatus::ok;
  size_t bytes = 0;  // moved; 0 unless ok
};

IoResult receive(const Fd& socket, char* buffer, size_t size);
IoResult send(const Fd& socket, BytesView bytes);
// Gathers; at most `gather_limit` parts a call, further ones are left for the next call.
constexpr size_t gather_limit = 64;
IoResult send(const Fd& socket, std::span<const BytesView> parts);

// No more output from us; what was sent before still arrives. Input goes on.
void shutdown_output(const Fd& socket);

// "192.0.2.1:50000", "[2001:db8::1]:50000"; "unknown" when the connection is already gone.
std::string address_text(const sockaddr_storage& address);
std::string local_address(const Fd& socket);

}  // namespace muster::net
