#include "app/serve.hpp"

#include <optional>

#include "app/command.hpp"
#include "app/data_folder.hpp"
#include "app/log_sink.hpp"
#include "app/signals.hpp"

namespace muster::app {
namespace {

bool keeps_data(RoleChoice roles) {
  return roles == RoleChoice::all || roles == RoleChoice::global;
}

}  // namespace

int serve(const ServeRequest& request) {
  const auto config = load_config(request.sources);
  if (!config) {
    print_problems(config.error());
    return exit_usage;
  }
  install_log_sink(config->log.level);
  Signals signals;

  std::optional<DataFolder> folder;
  if (keeps_data(request.roles)) {
    auto opened = DataFolder::open(config->node.data);
    if (!opened) {
      complain(opened.error());
      return exit_failed;
    }
    folder.emplace(std::move(opened).value());
  }
  complain("the roles are not built yet");
  return exit_failed;
}

}  // namespace muster::app
