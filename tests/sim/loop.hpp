#pragma once
// One thread of a process: events gather, and a little later one turn sees them all. It can be
// frozen (the scheduler took the CPU away, the machine swapped) and dies with its process.

#include <functional>
#include <memory>
#include <utility>

#include "tests/sim/context.hpp"
#include "tests/sim/local_clock.hpp"

namespace muster::sim {

class Loop {
 public:
  Loop(Context& context, const LocalClock& clock, std::function<void(Now)> turn)
      : context_(context), clock_(clock), state_(std::make_shared<State>()) {
    state_->turn = std::move(turn);
  }
  ~Loop() { state_->turn = nullptr; }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // An event waits.
  void poke() {
    plan(context_.now() + context_.random.between(Duration(1), context_.knobs.turn_max));
  }
  // A timer on the process's own clock.
  void wake_at(Instant local) {
    const Instant when = clock_.truth(local);
    if (when != never) plan(when);
  }
  // More work right away; each slice takes about this long.
  void poke_after(Duration slice) { plan(context_.now() + slice); }
  void freeze(Instant until) {
    state_->frozen_until = until;
    poke();
  }
  // The turn that runs keeps the thread until then.
  void busy(Instant until) { state_->busy_until = until; }
  Now now() const { return clock_.at(context_.now()); }

 private:
  struct State {
    std::function<void(Now)> turn;
    Instant planned = never;
    Instant frozen_until{};
    Instant busy_until{};
  };

  void plan(Instant when) {
    when = std::max({when, context_.now(), state_->frozen_until, state_->busy_until});
    if (state_->planned <= when) return;
    state_->planned = when;
    context_.schedule.at(when, [this, state = state_, when] {
      if (!state->turn || state->planned != when) return;
      state->planned = never;
      const Instant free = std::max(state->frozen_until, state->busy_until);
      if (context_.now() < free) return plan(free);
      state->turn(clock_.at(context_.now()));
    });
  }

  Context& context_;
  const LocalClock& clock_;
  std::shared_ptr<State> state_;
};

}  // namespace muster::sim
