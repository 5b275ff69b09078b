#pragma once
// Wakes one sleeping thread: an eventfd that the owner's loop watches. wake() from any thread,
// drain() by the owner before it looks at its mailboxes. Many wakes between two drains cost one
// system call.

#include <atomic>

#include "core/net/fd.hpp"

namespace muster::net {

class Waker {
 public:
  Waker();
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  void wake();
  void drain();
  const Fd& fd() const { return fd_; }

 private:
  Fd fd_;
  std::atomic<bool> pending_{false};
};

}  // namespace muster::net
