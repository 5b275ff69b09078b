#pragma once
// Runs one NodeMind on a thread of its own, the role thread, with all ZeroMQ sockets of the role. A
// turn: frames (a bounded number), letters, tick if due, finish_turn, then the effects: dials,
// frames, and what the body carries out. In between it sleeps until a frame, a wake or the next
// timer.
//
// Opened, started and joined by one thread (app's); the waker and request_stop() belong to any.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/expected.hpp"
#include "core/host/body.hpp"
#include "core/net/waker.hpp"
#include "core/net/zmq_link.hpp"
#include "core/wire/node.hpp"

namespace muster::host {

struct GatewayOptions {
  Duration stop_within = std::chrono::seconds(3);   // for the mind's last words
  Duration drain = std::chrono::milliseconds(500);  // for frames that are queued after them
};

class Gateway {
 public:
  // Binds the two endpoints of `self`. The error is one line for people.
  static Expected<std::unique_ptr<Gateway>, std::string> open(net::ZmqContext& context,
                                                              wire::NodeInfo self,
                                                              GatewayOptions options = {});
  ~Gateway();  // stops and joins
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // As it was given, with the ports that are really bound: what the mind says of itself.
  const wire::NodeInfo& self() const { return self_; }
  // For the mailboxes of those who send letters to the body.
  net::Waker& waker() { return waker_; }

  // The body lives until join() is over. `ready` is called once, on the role thread.
  void start(Body& body, std::function<void()> ready);
  void request_stop();
  void join();

 private:
  Gateway(wire::NodeInfo self, GatewayOptions options, std::unique_ptr<net::ZmqLink> link);

  void run();
  void turn(Now now);
  void carry_out(Now now);
  Duration timeout(Now now) const;
  bool over(Now now);

  wire::NodeInfo self_;
  GatewayOptions options_;
  std::unique_ptr<net::ZmqLink> link_;
  net::Waker waker_;
  Body* body_ = nullptr;
  wire::NodeMind* mind_ = nullptr;
  std::function<void()> ready_;  // empty when it was called
  std::vector<net::LinkFrame> frames_;
  Instant give_up_ = never;  // stopping: when patience ends
  std::atomic<bool> stop_requested_{false};
  std::thread thread_;
};

}  // namespace muster::host
