// muster who: asks the cluster who is there. A table for people, --json for programs.

#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "clients/ask.hpp"
#include "clients/command.hpp"
#include "clients/table.hpp"

namespace muster::clients {
namespace {

using nlohmann::json;

struct Who {
  Flags flags;
  Question question;
  bool json_output = false;
};

std::string text_of(const json& object, const char* key) {
  auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::string attributes(const json& row) {
  std::string text;
  const json all = row.value("attributes", json::object());
  for (const auto& [name, value] : all.items()) {
    if (!text.empty()) text += ' ';
    text += name + "=" + value.get<std::string>();
  }
  return text;
}

Row cells(const json& row) {
  auto text = [&](const char* key) { return text_of(row, key); };
  std::string why = row.value("status", "") == "online" ? std::string() : text("why");
  return {text("device"),  text("user"), text("status"), text("broker"), text("since"),
          text("address"), why,          attributes(row)};
}

void print_answer(const Question& question, const std::vector<Row>& rows, const json& last) {
  if (question.count) {
    std::cout << last.value("count", uint64_t{0}) << '\n';
    return;
  }
  std::cout << table(
      {"DEVICE", "USER", "STATUS", "BROKER", "SINCE", "ADDRESS", "WHY", "ATTRIBUTES"}, rows);
  std::cerr << rows.size() << (rows.size() == 1 ? " device" : " devices") << ", as of "
            << last["as_of"].value("era", uint64_t{0}) << '.'
            << last["as_of"].value("number", uint64_t{0}) << ", lag " << last.value("lag_ms", 0.0)
            << " ms, from " << text_of(last, "server") << '\n';
}

// Pages of at most 1,000 rows until --limit or the end.
int work(Who who) {
  constexpr uint32_t page = 1000;
  Connection connection(who.flags);
  connection.open();
  std::vector<Row> rows;
  json answer;
  uint32_t left = who.question.limit;
  do {
    who.question.limit = std::min(left, page);
    std::string text = ask(connection, who.question);
    answer = json::parse(text);
    if (text_of(answer, "outcome") != "ok") {
      throw Failure(text_of(answer, "outcome") + ": " + text_of(answer, "text"));
    }
    const json& found = answer["rows"];
    if (who.json_output) std::cout << text << '\n';
    for (const json& row : found) rows.push_back(cells(row));
    left -= std::min(left, static_cast<uint32_t>(found.size()));
    who.question.after = text_of(answer, "next");
  } while (left > 0 && !who.question.after.empty());
  if (!who.json_output) print_answer(who.question, rows, answer);
  connection.close();
  return 0;
}

}  // namespace

void declare_who(CLI::App& parser, int& status) {
  auto who = std::make_shared<Who>();
  CLI::App& command = *parser.add_subcommand("who", "Ask who is there");
  add_connection_flags(command, who->flags);
  command.add_option("filter", who->question.words,
                     "Device ids, or conditions that must all hold: status=online user=alice "
                     "device=tv-* attr.room=kitchen 'seen<-10m'");
  command.add_flag("--count", who->question.count, "Only how many");
  command.add_flag("--json", who->json_output, "The answers as they come, one JSON object a line");
  command.add_option("--limit", who->question.limit, "At most so many devices")
      ->capture_default_str();
  command.add_option("--priority", who->question.priority, "low, normal, high or urgent")
      ->capture_default_str()
      ->check(CLI::IsMember({"low", "normal", "high", "urgent"}));
  command.add_option("--server", who->question.server, "Ask this query server");
  command.add_option("--timeout", who->question.timeout_ms, "ms")->capture_default_str();
  command.callback([who, &status] { status = run("who", [&] { return work(*who); }); });
}

}  // namespace muster::clients
