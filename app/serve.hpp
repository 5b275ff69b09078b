#pragma once
// Running roles in this process: configuration, data folder, roles, `ready`, signals, orderly stop.
// The main thread from start to exit.

#include <memory>
#include <vector>

#include "app/config_load.hpp"
#include "broker/authenticator.hpp"

namespace muster::app {

using AuthMethods = std::vector<std::shared_ptr<const broker::AuthMethod>>;

enum class RoleChoice { broker, global, query, control, all };

// Commands to try, told after `ready`. Who gave flags may read stdout with a program: stderr then.
enum class Hints { none, on_stdout, on_stderr };

struct ServeRequest {
  RoleChoice roles = RoleChoice::all;
  ConfigSources sources;
  Hints hints = Hints::none;
  AuthMethods auth_methods = {};  // of enhanced authentication; `muster` itself has none
};

// Returns the exit status.
int serve(const ServeRequest& request);

}  // namespace muster::app
