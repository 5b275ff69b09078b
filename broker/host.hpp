#pragma once
// The body of a broker: its shards, each on a thread with sockets of its own, and the gateway with
// the Node. Made, started and stopped by app's thread.

#include <memory>
#include <string>
#include <vector>

#include "broker/options.hpp"
#include "core/base/expected.hpp"
#include "core/host/role.hpp"

namespace muster::broker {

// A broker with its MQTT ports; `ready` comes when global has its claims, but clients are served
// from start() on.
class BrokerRole : public host::Role {
 public:
  // "127.0.0.1:1883", with the actual ports, in the order of the doors.
  virtual std::vector<std::string> mqtt_addresses() const = 0;
};

// Binds the doors, 1 to max_doors, and the endpoints of `self`. The error is one line.
Expected<std::unique_ptr<BrokerRole>, std::string> open_broker(net::ZmqContext& context,
                                                               const std::vector<Door>& doors,
                                                               const Options& options,
                                                               wire::NodeInfo self);

}  // namespace muster::broker
