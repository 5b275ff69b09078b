#pragma once
// One thread's epoll: level-triggered, no callbacks. The owner calls poll(), walks the ready list
// in its phases, and names its sockets by a 32-bit index of its own. Everything but waker().wake()
// belongs to the owning thread.
//
// An index may be stale within one list (its connection was closed earlier in the turn and the
// index given to a new one): the read then answers would_block and nothing is lost.

#include <cstdint>
#include <memory>
#include <span>

#include "core/base/time.hpp"
#include "core/net/fd.hpp"
#include "core/net/waker.hpp"

namespace muster::net {

struct Ready {
  uint32_t index = 0;
  bool readable = false;
  bool writable = false;
  bool hangup = false;  // both sides are closed, or the connection failed: read it out, then close
};

struct Interest {
  bool read = true;
  bool write = false;
};

class Loop {
 public:
  static constexpr uint32_t largest_index = UINT32_MAX - 1;
  static constexpr size_t ready_limit = 1024;  // a poll; the others come with the next one

  Loop();
  ~Loop();

  void add(const Fd& fd, uint32_t index, Interest interest);
  void modify(const Fd& fd, uint32_t index, Interest interest);
  // Before the descriptor moves to another thread or another epoll; closing it is enough otherwise.
  void remove(const Fd& fd);

  // Waits until something is ready, woken, or `timeout` is over (rounded up to milliseconds; zero
  // looks only, Duration::max() waits for ever). The list is valid until the next poll.
  std::span<const Ready> poll(Duration timeout);
  // The same, but not rounded: for whoever sends at a rate.
  std::span<const Ready> poll_exactly(std::chrono::nanoseconds timeout);
  Waker& waker() { return waker_; }

 private:
  struct Buffers;

  std::span<const Ready> collect(int count);

  Fd epoll_;
  Waker waker_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace muster::net
