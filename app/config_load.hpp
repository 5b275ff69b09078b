#pragma once
// Where a Config comes from: presets, then a file, then the environment, then flags; the later
// wins. Every problem is one line that says where: "muster.toml:12:3: unknown key ...". Start-up
// (and SIGHUP), one thread. Nothing is applied unless everything is right.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "core/base/expected.hpp"

namespace muster::app {

struct Field;

using Problems = std::vector<std::string>;
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct FlagValue {
  std::string flag;  // as the user wrote it: --set, --listen
  std::string text;  // section.key=value
};

struct ConfigSources {
  std::string file;  // empty: none
  std::vector<FlagValue> flags;
  Environment environment;  // empty: none
};

std::optional<std::string> process_environment(const std::string& name);

// Takes values with their origin, one by one, and collects problems.
class ConfigBuilder {
 public:
  ConfigBuilder();

  void set(const Field& field, std::string_view text, const std::string& origin);
  void complain(const std::string& origin, std::string_view what);
  void apply_environment(const Environment& environment);
  void apply_flag(const FlagValue& flag);
  // The rules between fields; then the Config, or what is wrong.
  Expected<Config, Problems> finish();

 private:
  void check_lease();
  void check_key();
  void check_listen();
  const std::string& origin_of(std::string_view name) const;

  Config config_;
  Problems problems_;
  std::map<std::string, std::string, std::less<>> origins_;  // of what is no preset
};

// config_toml.cpp
void apply_toml(ConfigBuilder& builder, std::string_view text, const std::string& file_name);

Expected<Config, Problems> load_config(const ConfigSources& sources);
// Names of the fields that differ.
std::vector<std::string> differences(const Config& before, const Config& after);

}  // namespace muster::app
