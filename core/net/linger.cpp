#include "core/net/linger.hpp"

#include <sys/epoll.h>

#include <cerrno>

#include "core/base/check.hpp"

namespace muster::net {
namespace {

void watch(const Fd& epoll, int operation, const Fd& socket, uint64_t id, bool write) {
  epoll_event event{};
  event.events = EPOLLIN | (write ? EPOLLOUT : 0u);
  event.data.u64 = id;
  MUSTER_CHECK(epoll_ctl(epoll.get(), operation, socket.get(), &event) == 0);
}

}  // namespace

Linger::Linger(Options options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  MUSTER_CHECK(epoll_);
}

void Linger::close(Fd socket, Bytes rest, Instant now) {
  while (waiting_.size() >= options_.capacity) {
    waiting_.erase(deadlines_.front().id);
    deadlines_.pop_front();
  }
  const uint64_t id = ++last_id_;
  Waiting one{std::move(socket), std::move(rest), 0};
  watch(epoll_, EPOLL_CTL_ADD, one.socket, id, !one.rest.empty());
  if (one.rest.empty()) shutdown_output(one.socket);
  deadlines_.push_back({now + options_.patience, id});
  const auto at = waiting_.emplace(id, std::move(one)).first;
  if (!advance(id, at->second)) waiting_.erase(at);
  drop_expired(now);
}

bool Linger::advance(uint64_t id, Waiting& one) {
  if (!one.rest.empty()) {
    const IoResult sent = send(one.socket, one.rest);
    if (sent.status == IoStatus::failed) return false;
    one.rest.erase(0, sent.bytes);
    if (one.rest.empty()) {
      shutdown_output(one.socket);
      watch(epoll_, EPOLL_CTL_MOD, one.socket, id, false);
    }
  }
  char scratch[16384];
  while (one.discarded < discard_limit) {
    const IoResult got = receive(one.socket, scratch, sizeof scratch);
    if (got.status == IoStatus::would_block) return true;
    if (got.status != IoStatus::ok) return false;
    one.discarded += got.bytes;
  }
  return false;
}

void Linger::serve(Instant now) {
  if (waiting_.empty()) return deadlines_.clear();
  epoll_event events[64];
  int count = 0;
  do {
    count = epoll_wait(epoll_.get(), events, 64, 0);
    for (int i = 0; i < count; ++i) {
      const auto at = waiting_.find(events[i].data.u64);
      if (at != waiting_.end() && !advance(at->first, at->second)) waiting_.erase(at);
    }
  } while (count == 64);
  drop_expired(now);
}

void Linger::drop_expired(Instant now) {
  while (!deadlines_.empty() &&
         (deadlines_.front().at <= now || !waiting_.contains(deadlines_.front().id))) {
    waiting_.erase(deadlines_.front().id);
    deadlines_.pop_front();
  }
}

Instant Linger::next_wake() const {
  return deadlines_.empty() ? never : deadlines_.front().at;
}

}  // namespace muster::net
