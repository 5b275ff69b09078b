#pragma once
// Links of one thread, served in turn until something has come.

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/net/clock.hpp"
#include "core/net/waker.hpp"
#include "core/net/zmq_link.hpp"

namespace muster::net::testing {

class Node {
 public:
  Node(ZmqContext& context, LinkOptions options) {
    if (options.incarnation == Incarnation::none) options.incarnation = random_incarnation();
    name_ = options.name;
    auto opened = ZmqLink::open(context, std::move(options));
    MUSTER_CHECK(opened.has_value());
    link_ = std::move(*opened);
  }
  Node(std::string name, std::unique_ptr<ZmqLink> link)
      : link_(std::move(link)), name_(std::move(name)) {}
  ZmqLink* operator->() { return link_.get(); }

  void dial(Node& other) {
    link_->dial(other.name(), other->endpoint(LinkChannel::talk),
                other->endpoint(LinkChannel::bulk), now().mono);
  }
  const std::string& name() const { return name_; }

  void serve() {
    link_->wait(std::chrono::milliseconds(1), waker_.fd());
    link_->receive(frames, now().mono);
  }
  void close(Duration drain) {
    link_->close(drain);
    link_.reset();
  }

  std::vector<LinkFrame> frames;  // all that came

 private:
  std::unique_ptr<ZmqLink> link_;
  Waker waker_;
  std::string name_;
};

// A test that waits in vain fails after a minute and the next one runs.
inline void serve_until(const std::vector<Node*>& nodes, const std::function<bool()>& done) {
  const Instant end = now().mono + std::chrono::minutes(1);
  while (!done()) {
    if (now().mono > end) throw std::runtime_error("waited a minute in vain");
    for (Node* node : nodes) {
      node->serve();
    }
  }
}

}  // namespace muster::net::testing
