#pragma once
// Listens in on the frames from and to query servers, control and global, so that checkers see
// tasks, the log, routes and leases as messages. Owned by the World.

#include "core/wire/frame.hpp"
#include "core/wire/items.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/network.hpp"

namespace muster::sim {

class Tap {
 public:
  Tap(Context& context, Checkers& checkers) : context_(context), checkers_(checkers) {}
  void listen(Network& network);

  // What was seen: whether the scenarios are strong enough.
  struct Seen {
    uint64_t redirects = 0;  // tasks that control has sent on
    uint64_t deposed = 0;    // brokers that were told to be dead
  };
  const Seen& seen() const { return seen_; }

 private:
  using Hook = void (Checker::*)(const std::string&, const std::string&, const wire::Message&);
  void describe(const std::string& from, const std::string& to, const wire::Message& message);
  void frame(Hook hook, const std::string& from, const std::string& to, BytesView bytes);

  void count(const std::string& from, const wire::Message& message);

  Context& context_;
  Checkers& checkers_;
  Seen seen_;
  wire::ItemReader items_;
};

}  // namespace muster::sim
