// muster bench: plays many clients at once and says what their messages cost the broker.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>

#include "clients/bench/payload.hpp"
#include "clients/bench/scenarios.hpp"
#include "clients/command.hpp"
#include "clients/connection.hpp"
#include "core/net/wake_on_time.hpp"

namespace muster::clients {
namespace {

using bench::Options;
using bench::Report;

struct Bench {
  Flags flags;
  Options options;
};

using Scenario = void (*)(const Options&, Report&);
const std::map<std::string, Scenario> scenarios = {
    {"fan-out", bench::run_flow},    {"fan-in", bench::run_flow},
    {"pairs", bench::run_flow},      {"wildcards", bench::run_flow},
    {"latency", bench::run_flow},    {"connect", bench::run_connect},
    {"idle", bench::run_idle},       {"retained", bench::run_retained},
    {"offline", bench::run_offline}, {"presence", bench::run_presence},
};

mqtt::Version version_of(const std::string& text) {
  if (text == "5" || text == "mqttv5") return mqtt::Version::v5;
  if (text == "31" || text == "mqttv31") return mqtt::Version::v3_1;
  return mqtt::Version::v3_1_1;
}

bench::Target target_of(const Flags& given) {
  const Flags flags = complete(given);
  bench::Target target;
  target.address = {net::numeric(flags.host), static_cast<uint16_t>(flags.port)};
  target.version = version_of(flags.version);
  target.user = flags.user;
  target.password = flags.password;
  target.id_prefix = flags.id + "-";
  return target;
}

int work(const Bench& bench) {
  Options options = bench.options;
  options.target = target_of(bench.flags);
  if (options.scenario == "latency" && options.rate <= 0) options.rate = 1000;
  net::wake_on_time();
  Report report;
  report.text("scenario", options.scenario);
  report.text("version", bench.flags.version);
  report.count("qos", static_cast<uint64_t>(options.qos));
  report.count("payload", options.payload);
  scenarios.at(options.scenario)(options, report);
  if (!options.hold) std::cout << (options.json ? report.json() : report.people());
  return 0;
}

void add_size_options(CLI::App& command, Options& options) {
  command.add_option("--publishers", options.publishers, "How many publish");
  command.add_option("--subscribers", options.subscribers, "How many subscribe");
  command.add_option("--topics", options.topics, "How many topics there are");
  command.add_option("--connections", options.connections,
                     "connect: at once; idle: held; presence: devices that are there");
  command.add_option("--filters", options.filters,
                     "connect, idle: subscriptions of each connection");
  command.add_option("--messages", options.messages,
                     "offline: for each subscriber; retained: topics; connect: connections in all; "
                     "presence: devices that come and go");
  command.add_option("--rounds", options.rounds, "retained: how often all are read")
      ->capture_default_str();
  command.add_option("--payload", options.payload, "Bytes of a message")
      ->capture_default_str()
      ->check(CLI::Range(bench::smallest_payload, size_t{128} << 20));
}

void add_pace_options(CLI::App& command, Options& options) {
  command
      .add_option("--rate", options.rate,
                  "Messages a second in all, each in its own write; 0: as fast as windows let")
      ->capture_default_str();
  command.add_option("--window", options.window,
                     "Messages of a publisher on their way to a subscriber");
  command.add_option("--inflight", options.inflight, "QoS 1 and 2: unacknowledged messages");
  command.add_option("--batch", options.batch,
                     "Fewest messages in a write; as the only one of the three: exactly so many, "
                     "and the next when they have arrived");
  command.add_option("--seconds", options.seconds, "How long is measured")->capture_default_str();
  command.add_option("--warmup", options.warmup, "Seconds before that")->capture_default_str();
}

}  // namespace

void declare_bench(CLI::App& parser, int& status) {
  auto bench = std::make_shared<Bench>();
  Options& options = bench->options;
  bench->flags.version = "311";
  CLI::App& command = *parser.add_subcommand("bench", "Measure what messages cost a broker");
  std::vector<std::string> names;
  for (const auto& [name, run] : scenarios) names.push_back(name);
  command.add_option("scenario", options.scenario, "What is measured")
      ->required()
      ->check(CLI::IsMember(names));
  add_connection_flags(command, bench->flags);
  add_size_options(command, options);
  add_pace_options(command, options);
  command.add_option("-q,--qos", options.qos, "Quality of service")->check(CLI::Range(0, 2));
  command.add_flag("-c,--persistent", options.persistent, "Subscribers keep their sessions");
  command.add_option("--ask-port", options.ask_port,
                     "presence: port of the broker at which is asked; the same one otherwise");
  command.add_flag("--hold", options.hold, "idle: until standard input ends");
  command.add_option("--broker-pid", options.broker_pids,
                     "The broker's process: its CPU time and memory are told; may be repeated");
  command.add_flag("--json", options.json, "One line of JSON");
  command.callback([bench, &status] { status = run("bench", [&] { return work(*bench); }); });
}

}  // namespace muster::clients
