#pragma once
// Listens in on the frames from and to query servers and control, so that checkers see tasks and
// the log as messages. Owned by the World.

#include "core/wire/frame.hpp"
#include "core/wire/items.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/network.hpp"

namespace muster::sim {

class Tap {
 public:
  Tap(Context& context, Checkers& checkers) : context_(context), checkers_(checkers) {}
  void listen(Network& network);

 private:
  using Hook = void (Checker::*)(const std::string&, const std::string&, const wire::Message&);
  void describe(const std::string& from, const std::string& to, const wire::Message& message);
  void frame(Hook hook, const std::string& from, const std::string& to, BytesView bytes);

  Context& context_;
  Checkers& checkers_;
  wire::FrameReader frames_;
  wire::ItemReader items_;
};

}  // namespace muster::sim
