#include "app/config_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "app/config_fields.hpp"
#include "app/config_values.hpp"
#include "broker/options.hpp"

namespace muster::app {
namespace {

// broker.shards -> MUSTER_BROKER_SHARDS
std::string environment_name(const Field& field) {
  std::string name = "MUSTER_" + std::string{field.name};
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return c == '.' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return value;
}

ConfigBuilder::ConfigBuilder() : config_(default_config()) {}

void ConfigBuilder::set(const Field& field, std::string_view text, const std::string& origin) {
  if (const auto problem = assign(field, config_, text)) {
    complain(origin, fmt::format("{}: {}", field.name, *problem));
    return;
  }
  origins_[std::string{field.name}] = origin;
}

void ConfigBuilder::complain(const std::string& origin, std::string_view what) {
  problems_.push_back(fmt::format("{}: {}", origin, what));
}

void ConfigBuilder::apply_environment(const Environment& environment) {
  if (!environment) return;
  for (const Field& field : fields()) {
    const std::string name = environment_name(field);
    if (const auto value = environment(name)) set(field, *value, name);
  }
}

void ConfigBuilder::apply_flag(const FlagValue& given) {
  const auto& [flag, text] = given;
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const Field* field = find_field(name);
  if (!field) {
    const std::string nearest = nearest_name(name);
    const std::string hint = nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest);
    complain(flag, fmt::format("unknown key \"{}\"{}", name, hint));
  } else if (equals == std::string::npos) {
    complain(flag, fmt::format("expected {}=VALUE", name));
  } else {
    set(*field, std::string_view{text}.substr(equals + 1), flag);
  }
}

const std::string& ConfigBuilder::origin_of(std::string_view name) const {
  static const std::string preset = "default";
  const auto found = origins_.find(name);
  return found == origins_.end() ? preset : found->second;
}

void ConfigBuilder::check_lease() {
  if (config_.cluster.broker_lease < config_.cluster.lease) return;
  const bool own = origins_.contains("cluster.broker_lease");
  complain(origin_of(own ? "cluster.broker_lease" : "cluster.lease"),
           "cluster.lease must be longer than cluster.broker_lease");
}

void ConfigBuilder::check_key() {
  if (!config_.cluster.key.empty()) return;
  const std::pair<std::string_view, std::string> endpoints[] = {
      {"cluster.endpoint", config_.cluster.endpoint}, {"cluster.control", config_.cluster.control}};
  for (const auto& [name, endpoint] : endpoints) {
    if (!leaves_the_machine(endpoint)) continue;
    complain(origin_of(name),
             fmt::format("{}: {} is not loopback and needs cluster.key (see `muster keys`)", name,
                         endpoint));
  }
}

// Only "host:0" may be there twice: each takes a port of its own.
void ConfigBuilder::check_listen() {
  const size_t addresses = config_.listen.mqtt.size();
  if (addresses < 1 || addresses > broker::max_doors) {
    return complain(origin_of("listen.mqtt"),
                    fmt::format("listen.mqtt: expected 1 to {} addresses, not {}",
                                broker::max_doors, addresses));
  }
  std::set<std::string_view> seen;
  for (const std::string& text : config_.listen.mqtt) {
    const std::string_view address = split_listen(text).address;
    if (address.ends_with(":0") || seen.insert(address).second) continue;
    return complain(origin_of("listen.mqtt"),
                    fmt::format("listen.mqtt: {} is there twice", address));
  }
}

Expected<Config, Problems> ConfigBuilder::finish() {
  if (problems_.empty()) {
    check_listen();
    check_lease();
    check_key();
  }
  if (!problems_.empty()) return Unexpected{problems_};
  return config_;
}

Expected<Config, Problems> load_config(const ConfigSources& sources) {
  ConfigBuilder builder;
  if (!sources.file.empty()) {
    std::ifstream file{sources.file};
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (file && text) {
      apply_toml(builder, text.str(), sources.file);
    } else {
      builder.complain(sources.file, fmt::format("cannot be read: {}", std::strerror(errno)));
    }
  }
  builder.apply_environment(sources.environment);
  for (const FlagValue& flag : sources.flags) builder.apply_flag(flag);
  return builder.finish();
}

std::vector<std::string> differences(const Config& before, const Config& after) {
  Config a = before;
  Config b = after;
  std::vector<std::string> names;
  for (const Field& field : fields()) {
    const Place left = field.place(a);
    const bool same = std::visit(
        [&](auto* place) { return *place == *std::get<decltype(place)>(field.place(b)); }, left);
    if (!same) names.emplace_back(field.name);
  }
  return names;
}

}  // namespace muster::app
