#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/command.hpp"
#include "core/net/curve.hpp"

namespace muster::app {

void declare_keys(CLI::App& parser, int& status) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = parser.add_subcommand("keys", "Make the key file of a cluster");
  command->add_option("FILE", *path, "The file to make, readable by its owner only")->required();
  command->callback([path, &status] {
    const auto written = net::save_keys(*path, net::make_curve_keys());
    if (written) return;
    complain(written.error());
    status = exit_failed;
  });
}

}  // namespace muster::app
