#include "core/net/loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "core/base/check.hpp"
#include "core/net/clock.hpp"

namespace muster::net {
namespace {

constexpr uint32_t waker_index = UINT32_MAX;

epoll_event event_of(uint32_t index, Interest interest) {
  epoll_event event{};
  if (interest.read) event.events |= EPOLLIN;
  if (interest.write) event.events |= EPOLLOUT;
  event.data.u32 = index;
  return event;
}

}  // namespace

struct Loop::Buffers {
  epoll_event events[ready_limit];
  Ready ready[ready_limit];
};

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), buffers_(std::make_unique<Buffers>()) {
  MUSTER_CHECK(epoll_);
  epoll_event event = event_of(waker_index, {.read = true, .write = false});
  MUSTER_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_.fd().get(), &event) == 0);
}

Loop::~Loop() = default;

void Loop::add(const Fd& fd, uint32_t index, Interest interest) {
  MUSTER_CHECK(index <= largest_index);
  epoll_event event = event_of(index, interest);
  MUSTER_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0);
}

void Loop::modify(const Fd& fd, uint32_t index, Interest interest) {
  MUSTER_CHECK(index <= largest_index);
  epoll_event event = event_of(index, interest);
  MUSTER_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd.get(), &event) == 0);
}

void Loop::remove(const Fd& fd) {
  MUSTER_CHECK(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr) == 0);
}

std::span<const Ready> Loop::poll(Duration timeout) {
  const int wait = waker_.fall_asleep() ? wait_ms(timeout) : 0;
  return collect(epoll_wait(epoll_.get(), buffers_->events, ready_limit, wait));
}

std::span<const Ready> Loop::poll_exactly(std::chrono::nanoseconds timeout) {
  if (!waker_.fall_asleep()) timeout = {};
  const auto whole = std::chrono::floor<std::chrono::seconds>(timeout);
  const timespec wait{whole.count(), (timeout - whole).count()};
  return collect(epoll_pwait2(epoll_.get(), buffers_->events, ready_limit, &wait, nullptr));
}

std::span<const Ready> Loop::collect(int count) {
  waker_.awake();
  if (count < 0) {
    MUSTER_CHECK(errno == EINTR);
    count = 0;
  }
  size_t size = 0;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = buffers_->events[i];
    if (event.data.u32 == waker_index) {
      waker_.drain();
      continue;
    }
    buffers_->ready[size++] = {.index = event.data.u32,
                               .readable = (event.events & EPOLLIN) != 0,
                               .writable = (event.events & EPOLLOUT) != 0,
                               .hangup = (event.events & (EPOLLHUP | EPOLLERR)) != 0};
  }
  return {buffers_->ready, size};
}

}  // namespace muster::net
