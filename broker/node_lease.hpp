#pragma once
// This broker's lease from global: asked for at a steady pace while global is up, counted from when
// the request was sent (protocol.md, Names and numbers). What is not answered is asked again with
// the next. Owned by the Node, on its thread.

#include <deque>

#include "broker/node_peers.hpp"

namespace muster::broker {

class NodeLease {
 public:
  explicit NodeLease(NodeDesk& desk) : desk_(desk) {}

  void global_up(Instant now, const std::string& global);
  void listed(Instant now);  // global has heard all claims
  void global_down() { next_ = never; }
  void granted(const wire::LeaseGrant& grant);
  void deposed(Instant now);  // it has ended

  void tick(Instant now);
  Instant next_wake() const { return next_; }
  Instant until() const { return until_; }

 private:
  struct Request {
    uint64_t number = 0;
    Instant sent{};
  };
  NodeDesk& desk_;
  std::string global_;
  Instant next_ = never;
  Instant until_{};
  uint64_t number_ = 0;
  // If it had run out, shards do not hear of it before global has said who was evicted meanwhile:
  // only of what was asked for, from this request on, when global had all claims.
  uint64_t tells_from_ = 0;
  std::deque<Request> requests_;  // the newest few
};

}  // namespace muster::broker
