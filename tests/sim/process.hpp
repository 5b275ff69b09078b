#pragma once
// A running node: its clock, its loop around a node-level mind, its place in the network. It dies
// by being destroyed (kill -9): what it had not handed over is gone. Owned by the World.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/wire/node.hpp"
#include "tests/sim/loop.hpp"
#include "tests/sim/network.hpp"

namespace muster::sim {

class Process {
 public:
  Process(Context& context, Network& network, wire::NodeInfo info, int64_t wall_error_ms)
      : context_(context),
        network_(network),
        info_(std::move(info)),
        clock_(context.random, context.now(), wall_error_ms) {}
  virtual ~Process() { network_.detach(info_.name); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const wire::NodeInfo& info() const { return info_; }
  const LocalClock& clock() const { return clock_; }
  virtual void freeze(Instant until) = 0;
  virtual void stop() = 0;  // SIGTERM; then stopped() becomes true by and by
  virtual bool stopped() const = 0;

 protected:
  Context& context_;
  Network& network_;
  wire::NodeInfo info_;
  LocalClock clock_;
};

// The gateway's turn around a mind: frames in, timers, effects out.
class MindLoop {
 public:
  using Hook = std::function<void(Now)>;

  MindLoop(Context& context, Network& network, const wire::NodeInfo& info, const LocalClock& clock,
           wire::NodeMind& mind, Hook before, Hook after)
      : context_(context),
        network_(network),
        info_(info),
        mind_(mind),
        before_(std::move(before)),
        after_(std::move(after)),
        loop_(context, clock, [this](Now now) { turn(now); }) {
    network_.attach(info_, [this](wire::InFrame frame) {
      frames_.push_back(std::move(frame));
      loop_.poke();
    });
    loop_.poke();
  }

  void poke() { loop_.poke(); }
  void freeze(Instant until) { loop_.freeze(until); }
  void stop() {
    stopping_ = true;
    loop_.poke();
  }
  bool stopped() const { return told_to_stop_ && mind_.stopped(); }

 private:
  void turn(Now now) {
    if (!std::exchange(started_, true)) mind_.start(now);
    for (wire::InFrame& frame : std::exchange(frames_, {})) mind_.receive(now, std::move(frame));
    if (before_) before_(now);
    if (mind_.has_work() || mind_.next_wake() <= now.mono) mind_.tick(now);
    if (std::exchange(stopping_, false)) {
      told_to_stop_ = true;
      mind_.stop(now);
    }
    mind_.finish_turn(now);
    wire::Effects effects = mind_.take_effects();
    for (const wire::Dial& dial : effects.dials) network_.dial(info_.name, dial);
    for (wire::OutFrame& frame : effects.frames) network_.send(info_.name, std::move(frame));
    if (after_) after_(now);
    if (mind_.has_work()) loop_.poke_after(context_.random.between(microseconds(20), slice));
    loop_.wake_at(mind_.next_wake());
  }

  static constexpr Duration slice = microseconds(200);

  Context& context_;
  Network& network_;
  const wire::NodeInfo& info_;
  wire::NodeMind& mind_;
  Hook before_, after_;
  std::vector<wire::InFrame> frames_;
  bool started_ = false, stopping_ = false, told_to_stop_ = false;
  Loop loop_;
};

// Query and control: nothing but a mind.
template <class Mind>
class MindProcess final : public Process {
 public:
  template <class Options>
  MindProcess(Context& context, Network& network, const wire::NodeInfo& info, int64_t wall_error_ms,
              const Options& options)
      : Process(context, network, info, wall_error_ms),
        mind_(info, options),
        loop_(context, network, info_, clock_, mind_, nullptr, nullptr) {}

  void freeze(Instant until) override { loop_.freeze(until); }
  void stop() override { loop_.stop(); }
  bool stopped() const override { return loop_.stopped(); }
  const Mind& mind() const { return mind_; }

 private:
  Mind mind_;
  MindLoop loop_;
};

}  // namespace muster::sim
