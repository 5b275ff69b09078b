// muster pub: publishes one message, or one a line of standard input.

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "clients/command.hpp"
#include "clients/connection.hpp"
#include "clients/properties.hpp"

namespace muster::clients {
namespace {

struct Pub {
  Flags flags;
  std::string topic;
  std::string message;
  std::string file;
  int qos = 0;
  bool retain = false;
  bool null_message = false;
  bool lines = false;
  bool whole_input = false;
  int repeat = 1;
};

std::string read_all(std::istream& input) {
  return {std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
}

std::string payload(const Pub& pub) {
  if (pub.null_message) return {};
  if (pub.whole_input) return read_all(std::cin);
  if (pub.file.empty()) return pub.message;
  std::ifstream file(pub.file, std::ios::binary);
  if (!file) throw Failure("cannot read " + pub.file);
  return read_all(file);
}

int work(const Pub& pub) {
  Connection connection(pub.flags);
  Message message;
  message.topic = pub.topic.empty() ? connection.flags().url_topic : pub.topic;
  if (message.topic.empty()) throw Failure("which topic? (-t)");
  message.qos = pub.qos;
  message.retain = pub.retain;
  add_properties("publish", pub.flags.properties, message);
  connection.open();
  if (pub.lines) {
    while (std::getline(std::cin, message.payload)) connection.publish(message);
  } else {
    message.payload = payload(pub);
    for (int i = 0; i < pub.repeat; ++i) connection.publish(message);
  }
  connection.close();
  return 0;
}

}  // namespace

void declare_pub(CLI::App& parser, int& status) {
  auto pub = std::make_shared<Pub>();
  CLI::App& command = *parser.add_subcommand("pub", "Publish a message");
  add_connection_flags(command, pub->flags);
  add_session_flags(command, pub->flags);
  command.add_option("-t,--topic", pub->topic, "Topic to publish to");
  auto* source = command.add_option_group("payload", "What is published");
  source->add_option("-m,--message", pub->message, "This text");
  source->add_option("-f,--file", pub->file, "The contents of this file");
  source->add_flag("-n,--null-message", pub->null_message, "An empty payload");
  source->add_flag("-l,--stdin-line", pub->lines, "A message a line of standard input");
  source->add_flag("-s,--stdin-file", pub->whole_input, "All of standard input");
  source->require_option(1);
  command.add_option("-q,--qos", pub->qos, "Quality of service")->check(CLI::Range(0, 2));
  command.add_flag("-r,--retain", pub->retain, "Retain the message");
  command.add_option("--repeat", pub->repeat, "Publish so many times")
      ->check(CLI::Range(1, 1 << 30));
  command.callback([pub, &status] { status = run("pub", [&] { return work(*pub); }); });
}

}  // namespace muster::clients
