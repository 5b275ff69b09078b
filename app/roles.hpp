#pragma once
// The roles that this process runs, made from the configuration. The main thread.

#include <memory>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/serve.hpp"
#include "core/base/expected.hpp"
#include "core/host/role.hpp"

namespace muster::app {

struct Roles {
  std::vector<std::unique_ptr<host::Role>> running;  // in the order in which they start
  std::vector<std::string> mqtt_addresses;           // of the broker, if there is one
};

// Binds ports and opens stores. The error is one line.
Expected<Roles, std::string> make_roles(const Config& config, const ServeRequest& request,
                                        net::ZmqContext& context);

}  // namespace muster::app
