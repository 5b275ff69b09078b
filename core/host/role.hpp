#pragma once
// A role as app sees it: made (ports bound, stores open), started, stopped. `muster up` has
// several. All calls come from app's thread.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/base/expected.hpp"
#include "core/host/gateway.hpp"

namespace muster::host {

class Role {
 public:
  virtual ~Role() = default;
  virtual const wire::NodeInfo& self() const = 0;       // with the endpoints that are bound
  virtual void start(std::function<void()> ready) = 0;  // `ready` comes once, from any thread
  virtual void request_stop() = 0;                      // returns at once
  virtual void join() = 0;                              // until it has ended, in bounded time
};

// A role that is one mind: global, a query server, control.
class MindRole final : public Role {
 public:
  MindRole(std::unique_ptr<Gateway> gateway, std::unique_ptr<Body> body)
      : gateway_(std::move(gateway)), body_(std::move(body)) {}
  ~MindRole() override {
    request_stop();
    join();
  }

  const wire::NodeInfo& self() const override { return gateway_->self(); }
  void start(std::function<void()> ready) override { gateway_->start(*body_, std::move(ready)); }
  void request_stop() override { gateway_->request_stop(); }
  void join() override { gateway_->join(); }

 private:
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Body> body_;  // ends first: its helpers still wake the gateway
};

}  // namespace muster::host
