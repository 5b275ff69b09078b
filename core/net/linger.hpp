#pragma once
// Closes sockets so that the last packet (CONNACK with a refusal, DISCONNECT) still arrives. A
// plain close() while the peer's bytes lie unread makes the kernel send a reset, which may wipe out
// what we said last. So: send the rest, end our side, read and throw away until the peer ends his.
//
// Owned by one shard: add fd() to its Loop under an index of its own, call serve() when that is
// ready and at next_wake(). Bounds: `patience` a socket, `discard_limit` bytes thrown away,
// `capacity` sockets (the oldest is closed at once).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/net/fd.hpp"

namespace muster::net {

class Linger {
 public:
  static constexpr size_t discard_limit = 1 << 20;

  struct Options {
    Duration patience = std::chrono::seconds(2);
    size_t capacity = 20'000;
  };

  Linger() : Linger(Options{}) {}
  explicit Linger(Options options);

  // The socket is out of every Loop; `rest` is what could not be sent yet.
  void close(Fd socket, Bytes rest, Instant now);
  void serve(Instant now);
  Instant next_wake() const;
  const Fd& fd() const { return epoll_; }
  size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Fd socket;
    Bytes rest;
    size_t discarded = 0;
  };
  struct Deadline {
    Instant at;
    uint64_t id;
  };

  bool advance(uint64_t id, Waiting& one);  // false: done with it
  void drop_expired(Instant now);

  Options options_;
  Fd epoll_;
  uint64_t last_id_ = 0;
  std::unordered_map<uint64_t, Waiting> waiting_;
  std::deque<Deadline> deadlines_;  // rising; ids that are done already are passed over
};

}  // namespace muster::net
