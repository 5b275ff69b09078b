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

constexpr Duration slice_time = microseconds(200);

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

// The gateway's turn around a mind: frames in, timers, effects out. `cost`, if it is given, says
// after each turn how long it took: its effects come then, and the next turn not before.
class MindLoop {
 public:
  using Hook = std::function<void(Now)>;
  using Cost = std::function<Duration()>;

  MindLoop(Context& context, Network& network, const wire::NodeInfo& info, const LocalClock& clock,
           wire::NodeMind& mind, Hook before, Hook after, Cost cost = nullptr)
      : context_(context),
        network_(network),
        info_(info),
        mind_(mind),
        before_(std::move(before)),
        after_(std::move(after)),
        cost_(std::move(cost)),
        loop_(context, clock, [this](Now now) { turn(now); }) {
    network_.attach(info_, [this](wire::InFrame frame) {
      frames_.push_back(std::move(frame));
      loop_.poke();
    });
    loop_.poke();
  }

  ~MindLoop() { *alive_ = false; }
  MindLoop(const MindLoop&) = delete;
  MindLoop& operator=(const MindLoop&) = delete;

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
    const Duration cost = cost_ ? cost_() : Duration(0);
    loop_.busy(context_.now() + cost);
    carry_out(mind_.take_effects(), cost);
    if (after_) after_(now);
    if (mind_.has_work()) loop_.poke_after(cost + microseconds(1));
    loop_.wake_at(mind_.next_wake());
  }

  void carry_out(wire::Effects effects, Duration cost) {
    for (const wire::Dial& dial : effects.dials) network_.dial(info_.name, dial);
    if (cost == Duration(0)) return send(effects.frames);
    if (effects.frames.empty()) return;
    context_.schedule.after(cost,
                            [this, alive = alive_, frames = std::move(effects.frames)]() mutable {
                              if (*alive) send(frames);
                            });
  }
  void send(std::vector<wire::OutFrame>& frames) {
    for (wire::OutFrame& frame : frames) network_.send(info_.name, std::move(frame));
  }

  Context& context_;
  Network& network_;
  const wire::NodeInfo& info_;
  wire::NodeMind& mind_;
  Hook before_, after_;
  Cost cost_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<wire::InFrame> frames_;
  bool started_ = false, stopping_ = false, told_to_stop_ = false;
  Loop loop_;
};

// Query and control: nothing but a mind. A query server's slices of full length take up to
// slice_time each.
template <class Mind>
class MindProcess final : public Process {
 public:
  template <class Options>
  MindProcess(Context& context, Network& network, const wire::NodeInfo& info, int64_t wall_error_ms,
              const Options& options)
      : Process(context, network, info, wall_error_ms),
        mind_(info, options),
        loop_(context, network, info_, clock_, mind_, nullptr, nullptr,
              [this, &options] { return cost(options); }) {}

  void freeze(Instant until) override { loop_.freeze(until); }
  void stop() override { loop_.stop(); }
  bool stopped() const override { return loop_.stopped(); }
  const Mind& mind() const { return mind_; }

 private:
  template <class Options>
  Duration cost(const Options& options) {
    if constexpr (requires { mind_.stats().visits; }) {
      const uint64_t visits = mind_.stats().visits;
      const uint64_t more = visits - std::exchange(visits_, visits);
      if (more == 0) return Duration(0);
      const Duration most = slice_time * more / options.slice_rows;
      return context_.random.between(most / 4, most);
    }
    return Duration(0);
  }

  Mind mind_;
  uint64_t visits_ = 0;
  MindLoop loop_;
};

}  // namespace muster::sim
