#include <CLI/CLI.hpp>
#include <exception>
#include <string>

#include "app/command.hpp"
#include "app/file_limit.hpp"
#include "clients/command.hpp"

namespace {

using namespace muster::app;

constexpr Command commands[] = {
    {declare_up},
    {declare_roles},
    {declare_keys},
    {declare_check_config},
    {declare_config_docs},
    {muster::clients::declare_pub},
    {muster::clients::declare_sub},
    {muster::clients::declare_who},
    {muster::clients::declare_watch},
    {muster::clients::declare_bench},
};

int run(int argc, char** argv) {
  CLI::App parser{"Muster: an MQTT broker cluster that always knows who is there", "muster"};
  parser.set_version_flag("--version", std::string{"muster "} + MUSTER_VERSION);
  parser.require_subcommand(1);

  raise_file_limit();  // `up` serves many, `bench` plays many
  int status = exit_done;
  for (const Command& command : commands) command.declare(parser, status);
  try {
    parser.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    return parser.exit(shown);
  } catch (const CLI::ParseError& error) {
    complain(std::string{error.what()} + " (see muster --help)");
    return exit_usage;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    complain(error.what());
    return exit_failed;
  }
}
