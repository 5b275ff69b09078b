#pragma once
// The subcommands of `muster`. Each lives in its own command_*.cpp and has one row in the table of
// main.cpp: it declares itself to the parser, and, when chosen, runs and leaves its exit status.
// Start-up thread only. Exit statuses: 0 done, 1 could not, 2 asked wrongly.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace muster::app {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct Command {
  // Adds the subcommand to the parser; its callback writes the exit status.
  void (*declare)(CLI::App& parser, int& status);
};

void declare_up(CLI::App& parser, int& status);
void declare_roles(CLI::App& parser, int& status);  // broker, global, query, control
void declare_keys(CLI::App& parser, int& status);
void declare_check_config(CLI::App& parser, int& status);
void declare_config_docs(CLI::App& parser, int& status);

// One line on stderr, after "muster: ".
void complain(const std::string& line);
// Lines that begin with their own place, file:line:column.
void print_problems(const std::vector<std::string>& problems);

}  // namespace muster::app
