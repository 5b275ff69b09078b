#include <CLI/CLI.hpp>
#include <string>

int main(int argc, char** argv) {
  CLI::App cli{"Muster: an MQTT broker cluster that always knows who is there", "muster"};
  cli.set_version_flag("--version", std::string{"muster "} + MUSTER_VERSION);
  cli.require_subcommand(0, 1);
  CLI11_PARSE(cli, argc, argv);
  return 0;
}
