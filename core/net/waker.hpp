#pragma once
// Wakes one sleeping thread: an eventfd that the owner's loop watches. wake() from any thread,
// drain() by the owner before it looks at its mailboxes. Many wakes between two drains cost one
// system call; none, where the owner says when it sleeps and is awake anyway.

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

  // The owner, around its wait; who never says so counts as asleep. False: somebody has called
  // wake() since, so it must not wait, and look at its mailboxes as after drain().
  bool fall_asleep();
  void awake() { asleep_.store(false, std::memory_order_relaxed); }

 private:
  Fd fd_;
  std::atomic<bool> pending_{false};
  std::atomic<bool> asleep_{true};
};

}  // namespace muster::net
