#pragma once
// Running roles in this process: configuration, data folder, roles, `ready`, signals, orderly stop.
// The main thread from start to exit.

#include "app/config_load.hpp"

namespace muster::app {

enum class RoleChoice { broker, global, query, control, all };

struct ServeRequest {
  RoleChoice roles = RoleChoice::all;
  ConfigSources sources;
  bool quiet = false;  // no commands to try after `ready`
};

// Returns the exit status.
int serve(const ServeRequest& request);

}  // namespace muster::app
