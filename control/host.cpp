#include "control/host.hpp"

#include <utility>

#include "control/control.hpp"

namespace muster::control {
namespace {

class ControlBody final : public host::Body {
 public:
  ControlBody(wire::NodeInfo self, const Options& options) : mind_(std::move(self), options) {}
  wire::NodeMind& mind() override { return mind_; }

 private:
  Control mind_;
};

}  // namespace

Expected<std::unique_ptr<host::Role>, std::string> open_control(net::ZmqContext& context,
                                                                const Options& options,
                                                                wire::NodeInfo self) {
  auto gateway = host::Gateway::open(context, std::move(self));
  if (!gateway) return Unexpected{gateway.error()};
  auto body = std::make_unique<ControlBody>((*gateway)->self(), options);
  std::unique_ptr<host::Role> role =
      std::make_unique<host::MindRole>(std::move(gateway).value(), std::move(body));
  return role;
}

}  // namespace muster::control
