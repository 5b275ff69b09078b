// muster watch: first who is there, then every change, one line each, until it is interrupted.

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clients/command.hpp"
#include "clients/connection.hpp"
#include "core/wire/query_json.hpp"

namespace muster::clients {
namespace {

using nlohmann::json;

struct Watch {
  Flags flags;
  std::vector<std::string> words;
  bool json_output = false;
  int count = 0;
  int wait_s = 0;
};

// Which presence topic carries what the conditions can match.
std::string filter_topic(const std::vector<wire::Condition>& where) {
  for (const wire::Condition& one : where) {
    if (one.field == "user" && one.compare == wire::Compare::equal) {
      return "$user/" + one.value + "/presence";
    }
  }
  return "$user/+/presence";
}

std::string field_of(const json& row, const std::string& field) {
  const json& from = field.starts_with("attr.") ? row.value("attributes", json::object()) : row;
  std::string name = field.starts_with("attr.") ? field.substr(5) : field;
  auto value = from.find(name);
  if (value == from.end()) return {};
  return value->is_string() ? value->get<std::string>() : value->dump();
}

// The conditions again, on the row's text: the broker only sorts by user.
bool holds(const wire::Condition& condition, const json& row) {
  std::string value = field_of(row, condition.field);
  switch (condition.compare) {
    case wire::Compare::equal:
      return value == condition.value;
    case wire::Compare::not_equal:
      return value != condition.value;
    case wire::Compare::prefix:
      return value.starts_with(condition.value);
    default:
      throw Failure("watch knows =, != and = with a trailing *");
  }
}

void print(const Watch& watch, const Message& message, const json& row) {
  if (watch.json_output) {
    std::cout << message.payload << std::endl;
    return;
  }
  auto text = [&](const char* key) { return field_of(row, key); };
  std::cout << text("since") << "  " << (message.retain ? "present " : "change  ") << text("status")
            << std::string(9 - std::min<size_t>(8, text("status").size()), ' ') << text("device");
  if (text("user") != text("device")) std::cout << " (" << text("user") << ')';
  std::cout << " at " << text("broker");
  if (!text("why").empty() && text("why") != "none") std::cout << ", " << text("why");
  std::cout << std::endl;
}

int work(const Watch& watch) {
  std::string text;
  for (const std::string& word : watch.words) text += word + ' ';
  auto where = wire::parse_conditions(text);
  if (!where) throw Failure(where.error().text);
  Connection connection(watch.flags);
  connection.open();
  connection.subscribe(filter_topic(*where));
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::seconds(watch.wait_s);
  for (int printed = 0; watch.count == 0 || printed < watch.count;) {
    std::optional<std::chrono::milliseconds> left;
    if (watch.wait_s > 0) {
      left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    }
    auto message = connection.next(left);
    if (!message) break;
    json row = json::parse(message->payload, nullptr, false);
    if (!row.is_object()) continue;
    bool all = true;
    for (const wire::Condition& one : *where) all = all && holds(one, row);
    if (!all) continue;
    print(watch, *message, row);
    ++printed;
  }
  connection.close();
  return 0;
}

}  // namespace

void declare_watch(CLI::App& parser, int& status) {
  auto watch = std::make_shared<Watch>();
  CLI::App& command = *parser.add_subcommand("watch", "Follow who comes and goes");
  add_connection_flags(command, watch->flags);
  command.add_option("filter", watch->words, "Conditions: user=alice status=offline device=tv-*");
  command.add_flag("--json", watch->json_output, "One JSON object a line");
  command.add_option("-C", watch->count, "End after so many lines")->check(CLI::PositiveNumber);
  command.add_option("-W", watch->wait_s, "End after so many seconds")->check(CLI::PositiveNumber);
  command.callback([watch, &status] { status = run("watch", [&] { return work(*watch); }); });
}

}  // namespace muster::clients
