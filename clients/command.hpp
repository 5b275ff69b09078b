#pragma once
// The client commands of `muster`: pub and sub with Mosquitto's flags, who and watch for presence,
// bench for load. Each declares itself to the parser and leaves its exit status. Main thread only;
// Paho's threads stay behind clients/connection.hpp. Exit statuses: 0 done, 1 could not, 2 asked
// wrongly, 27 the time of -W is over (as mosquitto_sub has it).

namespace CLI {
class App;
}

namespace muster::clients {

void declare_pub(CLI::App& parser, int& status);
void declare_sub(CLI::App& parser, int& status);
void declare_who(CLI::App& parser, int& status);
void declare_watch(CLI::App& parser, int& status);
void declare_bench(CLI::App& parser, int& status);  // clients/bench/command.cpp

}  // namespace muster::clients
