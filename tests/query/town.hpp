#pragma once
// A few nodes in virtual time: minds under test, and peers that are plain Links with a script.
// Frames take 100 us and stay in order; a node that has work runs a slice of 200 us. For tests of
// query and control, one thread. Losses and crashes of whole worlds are the simulator's.

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/wire/links.hpp"
#include "core/wire/node.hpp"

namespace muster::testing_town {

inline wire::NodeInfo node(const std::string& name, wire::Role role, uint64_t incarnation) {
  return {name, role, Incarnation{incarnation}, "inproc://" + name + ".talk",
          "inproc://" + name + ".bulk"};
}

// A peer of the mind under test: it collects what it is told.
class Peer : public wire::NodeMind {
 public:
  Peer(wire::NodeInfo self, std::vector<wire::NodeInfo> known)
      : links(std::move(self), {}, false), known_(std::move(known)) {}

  void start(Now now) override {
    for (const wire::NodeInfo& peer : known_) links.know(now, peer);
  }
  void receive(Now now, wire::InFrame frame) override {
    links.receive(now, frame);
    take();
  }
  void tick(Now now) override {
    links.tick(now);
    take();
  }
  Instant next_wake() const override { return links.next_wake(); }
  void finish_turn(Now now) override { links.finish_turn(now); }
  wire::Effects take_effects() override { return links.take_effects(); }

  // Everything of one type that came, oldest first.
  template <class T>
  std::vector<T> all() const {
    std::vector<T> found;
    for (const wire::Received& message : received)
      if (const T* one = std::get_if<T>(&message.message)) found.push_back(*one);
    return found;
  }
  template <class T>
  size_t count() const {
    return static_cast<size_t>(std::count_if(
        received.begin(), received.end(),
        [](const wire::Received& message) { return std::holds_alternative<T>(message.message); }));
  }

  wire::Links links;
  std::vector<wire::Received> received;
  std::function<void(const wire::Received&)> on_message;
  std::function<void(const wire::PeerUp&)> on_up;

 private:
  void take() {
    while (wire::LinkEvent* event = links.next_event()) {
      if (auto* up = std::get_if<wire::PeerUp>(event)) {
        if (on_up) on_up(*up);
      } else if (auto* message = std::get_if<wire::Received>(event)) {
        if (on_message) on_message(*message);
        received.push_back(std::move(*message));
      }
    }
  }
  std::vector<wire::NodeInfo> known_;
};

class Town {
 public:
  Now now() const {
    return {now_, WallTime{1'700'000'000'000 + now_.time_since_epoch().count() / 1000}};
  }

  template <class Mind>
  Mind& add(const std::string& name, std::unique_ptr<Mind> mind) {
    Mind& added = *mind;
    nodes_[name] = std::move(mind);
    added.start(now());
    flush(name);
    return added;
  }
  void remove(const std::string& name) { nodes_.erase(name); }
  void cut(const std::string& name) { cut_.insert(name); }  // nothing to it or from it
  void heal(const std::string& name) { cut_.erase(name); }

  // After something was said through a peer's links from outside.
  void flush(const std::string& name) {
    wire::NodeMind& mind = *nodes_.at(name);
    mind.finish_turn(now());
    wire::Effects effects = mind.take_effects();
    for (wire::OutFrame& frame : effects.frames) {
      if (cut_.count(name) || cut_.count(frame.to) || !nodes_.count(frame.to)) continue;
      frames_.push_back({now_ + std::chrono::microseconds(100),
                         frame.to,
                         {name, frame.channel, std::move(frame.bytes)}});
    }
  }

  bool run_until(const std::function<bool()>& condition,
                 Duration limit = std::chrono::seconds(30)) {
    const Instant end = now_ + limit;
    while (!condition()) {
      if (!step(end)) return condition();
    }
    return true;
  }
  void run(Duration duration) {
    run_until([] { return false; }, duration);
  }

 private:
  struct Flying {
    Instant at;
    std::string to;
    wire::InFrame frame;
  };

  // The next thing that happens; false: nothing before `end`.
  bool step(Instant end) {
    Instant next = frames_.empty() ? never : frames_.front().at;
    std::string waker;
    for (const auto& [name, mind] : nodes_) {
      const Instant ready = mind->has_work() ? busy_until_[name] : mind->next_wake();
      const Instant at = std::max(ready, now_);
      if (ready != never && at < next) {
        next = at;
        waker = name;
      }
    }
    if (next > end) {
      now_ = end;
      return false;
    }
    now_ = std::max(now_, next);
    if (waker.empty()) {
      Flying flying = std::move(frames_.front());
      frames_.pop_front();
      if (!nodes_.count(flying.to) || cut_.count(flying.to)) return true;
      nodes_.at(flying.to)->receive(now(), std::move(flying.frame));
      flush(flying.to);
      return true;
    }
    if (nodes_.at(waker)->has_work()) busy_until_[waker] = now_ + std::chrono::microseconds(200);
    nodes_.at(waker)->tick(now());
    flush(waker);
    return true;
  }

  Instant now_{std::chrono::seconds(10)};
  std::map<std::string, std::unique_ptr<wire::NodeMind>> nodes_;
  std::map<std::string, Instant> busy_until_;
  std::deque<Flying> frames_;
  std::set<std::string> cut_;
};

}  // namespace muster::testing_town
