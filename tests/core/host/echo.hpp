#pragma once
// Two tiny minds: one answers every frame, one asks and counts the answers.

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "core/host/body.hpp"
#include "core/host/gateway.hpp"
#include "core/net/clock.hpp"

namespace muster::host::testing {

inline wire::NodeInfo node(const std::string& name, bool tcp) {
  const std::string talk = tcp ? "tcp://127.0.0.1:*" : "inproc://" + name + "-talk";
  const std::string bulk = tcp ? "tcp://127.0.0.1:*" : "inproc://" + name + "-bulk";
  return {name, wire::Role::query, net::random_incarnation(), talk, bulk};
}

// A mind that is its own body and does nothing of itself.
class QuietMind : public wire::NodeMind, public Body {
 public:
  wire::NodeMind& mind() override { return *this; }
  void start(Now) override {}
  void receive(Now, wire::InFrame) override {}
  void tick(Now) override {}
  Instant next_wake() const override { return never; }
  void finish_turn(Now) override {}
  wire::Effects take_effects() override { return std::exchange(effects_, {}); }

 protected:
  wire::Effects effects_;
};

class Echo : public QuietMind {
 public:
  void receive(Now, wire::InFrame frame) override {
    effects_.frames.push_back({frame.from, frame.channel, "echo of " + frame.bytes});
  }
};

// Dials `server`, asks `count` questions on each channel, is ready when all are answered.
class Asker : public QuietMind {
 public:
  Asker(wire::NodeInfo server, size_t count) : server_(std::move(server)), count_(count) {}

  void start(Now) override {
    effects_.dials.push_back({server_.name, server_.talk, server_.bulk});
    ask();
  }
  void receive(Now, wire::InFrame frame) override {
    wrong_ += frame.from != server_.name;
    size_t& answers = answers_[static_cast<size_t>(frame.channel)];
    wrong_ += frame.bytes != "echo of " + question(answers++, frame.channel);
    if (done(0) && done(1)) return;
    if (answers_[0] == asked_ && answers_[1] == asked_) ask();
  }
  bool ready() const override { return done(0) && done(1); }
  size_t wrong() const { return wrong_; }  // after the gateway was joined

 private:
  static constexpr size_t at_once = 50;
  static constexpr size_t bulk_bytes = 10'000;  // such frames pass through ZeroMQ by reference
  static std::string question(size_t number, wire::Channel channel) {
    std::string text = "question " + std::to_string(number);
    if (channel == wire::Channel::bulk) text.resize(bulk_bytes, '.');
    return text;
  }
  bool done(size_t channel) const { return answers_[channel] == count_; }

  void ask() {
    for (size_t i = 0; i < at_once && asked_ < count_; ++i, ++asked_) {
      for (const wire::Channel channel : {wire::Channel::talk, wire::Channel::bulk}) {
        effects_.frames.push_back({server_.name, channel, question(asked_, channel)});
      }
    }
  }

  wire::NodeInfo server_;
  size_t count_;
  size_t asked_ = 0;
  size_t answers_[2] = {0, 0};
  size_t wrong_ = 0;
};

// A promise as the callback that a gateway takes.
class Ready {
 public:
  std::function<void()> callback() {
    return [this] { promise_.set_value(); };
  }
  void wait() { promise_.get_future().wait(); }

 private:
  std::promise<void> promise_;
};

}  // namespace muster::host::testing
