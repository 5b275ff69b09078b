#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "app/serve.hpp"

namespace muster::app {
namespace {

struct Given {
  std::string config;
  std::optional<std::string> data;
  std::vector<std::string> listen;
  std::vector<std::string> set;
  bool quiet = false;
};

ServeRequest request_of(const Given& given, RoleChoice roles) {
  ServeRequest request{.roles = roles, .sources = {}, .hints = Hints::none};
  request.sources.file = given.config;
  request.sources.environment = process_environment;
  for (const std::string& text : given.set) request.sources.flags.push_back({"--set", text});
  if (given.data) request.sources.flags.push_back({"--data", "node.data=" + *given.data});
  if (!given.listen.empty()) {
    const std::string addresses = CLI::detail::join(given.listen, ",");
    request.sources.flags.push_back({"--listen", "listen.mqtt=" + addresses});
  }
  return request;
}

// The options that every serving command has.
CLI::App* add_command(CLI::App& parser, const std::string& name, const std::string& sentence,
                      Given& given) {
  CLI::App* command = parser.add_subcommand(name, sentence);
  command->add_option("--config", given.config, "TOML file (docs/configuration.md)");
  command->add_option("--set", given.set, "One setting: section.key=value")
      ->allow_extra_args(false);
  return command;
}

struct RoleRow {
  const char* name;
  RoleChoice roles;
  const char* sentence;
};

constexpr RoleRow role_rows[] = {
    {"broker", RoleChoice::broker, "Run one broker of a cluster"},
    {"global", RoleChoice::global, "Run global, the one authority of a cluster"},
    {"query", RoleChoice::query, "Run one query server of a cluster"},
    {"control", RoleChoice::control, "Run control, the directory of a cluster"},
};

}  // namespace

void declare_up(CLI::App& parser, int& status) {
  auto given = std::make_shared<Given>();
  CLI::App* command = add_command(parser, "up", "Run all roles in this process", *given);
  command
      ->add_option("--listen", given->listen,
                   "HOST:PORT[=LEVEL] for MQTT, up to 8 times (default 127.0.0.1:1883)")
      ->allow_extra_args(false);
  command->add_option("--data", given->data, "Folder for what is kept (default ./muster-data)");
  command->add_flag("--quiet", given->quiet, "Print nothing but `ready`");
  command->callback([given, command, &status] {
    ServeRequest request = request_of(*given, RoleChoice::all);
    const bool no_flags = command->count_all() <= 1;  // the command itself counts
    if (!given->quiet) request.hints = no_flags ? Hints::on_stdout : Hints::on_stderr;
    status = serve(request);
  });
}

void declare_roles(CLI::App& parser, int& status) {
  for (const RoleRow& row : role_rows) {
    auto given = std::make_shared<Given>();
    CLI::App* command = add_command(parser, row.name, row.sentence, *given);
    command->get_option("--config")->required();
    command->callback(
        [given, roles = row.roles, &status] { status = serve(request_of(*given, roles)); });
  }
}

}  // namespace muster::app
