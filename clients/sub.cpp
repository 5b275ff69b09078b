// muster sub: prints what is published to the filters it subscribes to.

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "clients/command.hpp"
#include "clients/connection.hpp"
#include "clients/format.hpp"

namespace muster::clients {
namespace {

constexpr int timed_out = 27;  // as mosquitto_sub

struct Sub {
  Flags flags;
  std::vector<std::string> topics;
  std::vector<std::string> unsubscribed;
  std::vector<std::string> filtered_out;
  std::string format;
  SubscribeOptions options;
  int count = 0;   // 0: no limit
  int wait_s = 0;  // 0: for ever
  bool verbose = false;
  bool no_newline = false;
  bool no_stale = false;
};

using Clock = std::chrono::steady_clock;

void print(const Sub& sub, const Message& message) {
  if (!sub.format.empty()) {
    std::cout << formatted(sub.format, message);
  } else if (sub.verbose) {
    std::cout << message.topic << ' ' << message.payload;
  } else {
    std::cout << message.payload;
  }
  if (!sub.no_newline) std::cout << '\n';
  std::cout.flush();
}

bool wanted(const Sub& sub, const Message& message) {
  // With Retain As Published the flag says how a message was published, not that it is old.
  if (sub.no_stale && message.retain && !sub.options.retain_as_published) return false;
  for (const std::string& filter : sub.filtered_out) {
    if (topic_matches(filter, message.topic)) return false;
  }
  return true;
}

// Before MQTT 5 there are none but the QoS, and who asks for them would wait for what cannot be.
void refuse_options(const SubscribeOptions& options) {
  if (!options.no_local && !options.retain_as_published && options.retain_handling == 0) return;
  throw Failure("--no-local, --retain-as-published and --retain-handling want MQTT 5 (-V 5)");
}

int receive(const Sub& sub, Connection& connection) {
  auto end = Clock::now() + std::chrono::seconds(sub.wait_s);
  for (int printed = 0; sub.count == 0 || printed < sub.count;) {
    std::optional<std::chrono::milliseconds> left;
    if (sub.wait_s > 0) {
      left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      if (left->count() <= 0) return timed_out;
    }
    std::optional<Message> message = connection.next(left);
    if (!message) return timed_out;
    if (!wanted(sub, *message)) continue;
    print(sub, *message);
    ++printed;
  }
  return 0;
}

int work(const Sub& sub) {
  Connection connection(sub.flags);
  std::vector<std::string> topics = sub.topics;
  if (topics.empty() && !connection.flags().url_topic.empty()) {
    topics.push_back(connection.flags().url_topic);
  }
  if (topics.empty() && sub.unsubscribed.empty()) throw Failure("which topic? (-t)");
  if (!connection.is_v5()) refuse_options(sub.options);
  connection.open();
  for (const std::string& filter : sub.unsubscribed) connection.unsubscribe(filter);
  SubscribeOptions options = sub.options;
  if (sub.no_stale) options.retain_handling = 2;
  for (const std::string& filter : topics) connection.subscribe(filter, options);
  int status = receive(sub, connection);
  connection.close();
  return status;
}

// `--retain-as-published` is mosquitto_sub's; the others it does not have, so they are named alike.
void add_option_flags(CLI::App& command, Sub& sub) {
  SubscribeOptions& options = sub.options;
  auto* no_stale =
      command.add_flag("-R", sub.no_stale, "Not the retained messages that are there already");
  command.add_flag("--no-local", options.no_local,
                   "MQTT 5: not what is published under the client id of this one");
  command.add_flag("--retain-as-published", options.retain_as_published,
                   "MQTT 5: the retain flag (%r) as the publisher set it");
  command
      .add_option("--retain-handling", options.retain_handling,
                  "MQTT 5: retained messages come: 0 always, 1 if the subscription is new, 2 never")
      ->check(CLI::Range(0, 2))
      ->excludes(no_stale);
}

}  // namespace

void declare_sub(CLI::App& parser, int& status) {
  auto sub = std::make_shared<Sub>();
  CLI::App& command = *parser.add_subcommand("sub", "Print what is published");
  add_connection_flags(command, sub->flags);
  add_session_flags(command, sub->flags);
  command.add_option("-t,--topic", sub->topics, "Filter to subscribe to; may be repeated");
  command.add_option("-U,--unsubscribe", sub->unsubscribed, "Filter to unsubscribe from first");
  command.add_option("-T,--filter-out", sub->filtered_out, "Topics not to print");
  command.add_option("-q,--qos", sub->options.qos, "Quality of service")->check(CLI::Range(0, 2));
  command.add_option("-C", sub->count, "End after so many messages")->check(CLI::PositiveNumber);
  command.add_option("-W", sub->wait_s, "End after so many seconds")->check(CLI::PositiveNumber);
  command.add_option("-F", sub->format,
                     "Output: %t topic, %p payload, %q QoS, %r retain, %l length");
  command.add_flag("-v,--verbose", sub->verbose, "Print the topic too");
  command.add_flag("-N", sub->no_newline, "No newline after a message");
  add_option_flags(command, *sub);
  command.callback([sub, &status] { status = run("sub", [&] { return work(*sub); }); });
}

}  // namespace muster::clients
