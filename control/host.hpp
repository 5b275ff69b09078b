#pragma once
// The body of a control server: one gateway thread that drives the mind. Made, started and stopped
// by app's thread.

#include <memory>
#include <string>

#include "control/options.hpp"
#include "core/base/expected.hpp"
#include "core/host/role.hpp"

namespace muster::control {

// Binds the endpoints of `self`. The error is one line.
Expected<std::unique_ptr<host::Role>, std::string> open_control(net::ZmqContext& context,
                                                                const Options& options,
                                                                wire::NodeInfo self);

}  // namespace muster::control
