#pragma once
// The control server: directory of nodes, slot map, redirecting of excess query tasks (design.md
// section 7). It keeps no task: each leaves in the turn in which it came. Everything it knows comes
// from hellos and Load, so its restart loses nothing. Owned by its host (or the simulator), one
// thread. It puts small machines together: directory, slot map, redirect.

#include <cstdint>
#include <memory>
#include <vector>

#include "control/options.hpp"
#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "core/wire/node.hpp"

namespace muster::control {

struct Stats {
  uint64_t redirects = 0;    // tasks forwarded
  uint64_t busy = 0;         // tasks refused: nobody had credit
  uint64_t refused = 0;      // tasks that came redirected already, or from no query server
  uint64_t directories = 0;  // versions sent
  uint64_t nodes = 0;
  uint64_t up = 0;
};

class Control : public wire::NodeMind {
 public:
  Control(wire::NodeInfo self, Options options);
  ~Control() override;

  void start(Now now) override;
  void receive(Now now, wire::InFrame frame) override;
  void tick(Now now) override;
  Instant next_wake() const override;
  void finish_turn(Now now) override;
  wire::Effects take_effects() override;

  const wire::Directory& directory() const;
  Stats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::control
