#include "app/serve.hpp"

#include <atomic>
#include <cstdio>
#include <optional>
#include <utility>

#include "app/command.hpp"
#include "app/config_fields.hpp"
#include "app/data_folder.hpp"
#include "app/log_sink.hpp"
#include "app/options.hpp"
#include "app/roles.hpp"
#include "app/signals.hpp"
#include "broker/durability.hpp"
#include "core/base/log.hpp"
#include "core/net/zmq_context.hpp"

namespace muster::app {
namespace {

bool keeps_data(RoleChoice roles) {
  return roles == RoleChoice::all || roles == RoleChoice::global;
}

std::optional<net::CurveKeys> cluster_keys(const Config& config, RoleChoice roles,
                                           std::string& error) {
  if (roles == RoleChoice::all || config.cluster.key.empty()) return std::nullopt;
  auto keys = net::load_keys(config.cluster.key);
  if (!keys) {
    error = keys.error();
    return std::nullopt;
  }
  return std::move(*keys);
}

// Programs wait for `ready` alone; with several addresses these follow it, in the order in which
// they were configured, so that one who asked for any port learns which it got.
void print_ready(const std::vector<std::string>& mqtt_addresses) {
  std::string line = "ready";
  if (mqtt_addresses.size() > 1) {
    for (const std::string& address : mqtt_addresses) line += " " + address;
  }
  std::puts(line.c_str());
  std::fflush(stdout);
}

// The address, and what it says of durability, as it is configured.
std::string with_level(const std::string& address, const broker::Door& door) {
  const std::string_view level = broker::durability_name(door.durability);
  return level.empty() ? address : address + "=" + std::string{level};
}

void print_hints(Hints hints, const Config& config, const std::vector<std::string>& addresses) {
  if (hints == Hints::none) return;
  std::FILE* file = hints == Hints::on_stdout ? stdout : stderr;
  const auto doors = broker_doors(config.listen);
  for (size_t i = 0; addresses.size() > 1 && i < addresses.size(); ++i) {
    std::fprintf(file, "%s%s\n", i == 0 ? "at:   " : "      ",
                 with_level(addresses[i], doors[i]).c_str());
  }
  const std::string port = addresses.front().substr(addresses.front().rfind(':') + 1);
  std::fprintf(file, "try:  muster sub -p %s -v -t '#'\n", port.c_str());
  std::fprintf(file, "      muster pub -p %s -t hello -m world\n", port.c_str());
  std::fprintf(file, "      muster who -p %s\n", port.c_str());
  std::fflush(file);
}

// SIGHUP: what may change without a restart does; the rest is named.
void reload(const ConfigSources& sources, Config& config) {
  const auto fresh = load_config(sources);
  if (!fresh) {
    for (const std::string& problem : fresh.error()) log::error("not reloaded: {}", problem);
    return;
  }
  set_log_level(fresh->log.level);
  for (const std::string& name : differences(config, *fresh)) {
    if (find_field(name)->reload == Reload::sighup) {
      log::info("{} has changed", name);
    } else {
      log::warning("{} has changed, which takes effect after a restart", name);
    }
  }
  config.log = fresh->log;
}

// `ready`, once every role has said so; SIGTERM ends it, also before.
void wait_for_the_end(const ServeRequest& request, Config config, Roles& roles, Signals& signals) {
  std::atomic<size_t> waiting{roles.running.size()};
  auto one_is_ready = [&] {
    if (--waiting > 0) return;
    print_ready(roles.mqtt_addresses);
    print_hints(request.hints, config, roles.mqtt_addresses);
  };
  for (auto& role : roles.running) role->start(one_is_ready);
  while (signals.wait() != Wish::stop) reload(request.sources, config);
  signals.let_go();
  // The last one started first: the broker reports the ends of its connections to global, which
  // stores them before it goes itself.
  for (auto role = roles.running.rbegin(); role != roles.running.rend(); ++role) {
    (*role)->request_stop();
    (*role)->join();
  }
}

int run_roles(const ServeRequest& request, const Config& config, Signals& signals) {
  std::string error;
  auto keys = cluster_keys(config, request.roles, error);
  if (!error.empty()) {
    complain(error);
    return exit_failed;
  }
  net::ZmqContext context(std::move(keys));
  auto roles = make_roles(config, request, context);
  if (!roles) {
    complain(roles.error());
    return exit_failed;
  }
  wait_for_the_end(request, config, *roles, signals);
  roles->running.clear();
  return exit_done;
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
  return run_roles(request, *config, signals);
}

}  // namespace muster::app
