#include "core/net/waker.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "core/base/check.hpp"

namespace muster::net {

Waker::Waker() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  MUSTER_CHECK(fd_);
}

void Waker::wake() {
  // Flag, then look whether the owner sleeps; the owner does both the other way round. In the one
  // order of all four at least one of the two sees the other.
  if (pending_.exchange(true)) return;
  if (!asleep_.load()) return;
  const uint64_t one = 1;
  MUSTER_CHECK(::write(fd_.get(), &one, sizeof one) == sizeof one);
}

void Waker::drain() {
  // First the counter, then the flag: a wake() in between finds the flag still set and writes
  // nothing, but this exchange then orders its letter before the owner's look into the mailbox.
  uint64_t count = 0;
  (void)!::read(fd_.get(), &count, sizeof count);
  pending_.exchange(false, std::memory_order_acq_rel);
}

bool Waker::fall_asleep() {
  asleep_.store(true);
  if (!pending_.exchange(false)) return true;
  awake();
  return false;
}

}  // namespace muster::net
