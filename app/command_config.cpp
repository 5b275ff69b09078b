#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "app/command.hpp"
#include "app/config_docs.hpp"
#include "app/config_load.hpp"
#include "core/net/curve.hpp"

namespace muster::app {
namespace {

int check_config(const std::string& path) {
  const auto config = load_config({.file = path, .flags = {}, .environment = process_environment});
  if (!config) {
    print_problems(config.error());
    return exit_usage;
  }
  if (!config->cluster.key.empty()) {
    if (const auto key = net::load_keys(config->cluster.key); !key) {
      complain(key.error());
      return exit_usage;
    }
  }
  std::printf("%s: correct\n", path.c_str());
  return exit_done;
}

}  // namespace

void declare_check_config(CLI::App& parser, int& status) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = parser.add_subcommand("check-config", "Check a configuration file");
  command->add_option("FILE", *path, "The file to check")->required();
  command->callback([path, &status] { status = check_config(*path); });
}

void declare_config_docs(CLI::App& parser, int&) {
  CLI::App* command = parser.add_subcommand("config-docs", "Print docs/configuration.md");
  command->callback([] { std::fputs(configuration_page().c_str(), stdout); });
}

}  // namespace muster::app
