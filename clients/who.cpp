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

std::string attributes(const json& row) {
  std::string text;
  for (const auto& [name, value] : row.value("attributes", json::object()).items()) {
    if (!text.empty()) text += ' ';
    text += name + "=" + value.get<std::string>();
  }
  return text;
}

Row cells(const json& row) {
  auto text = [&](const char* key) {
    return row.contains(key) && row[key].is_string() ? row[key].get<std::string>() : std::string();
  };
  return {text("device"), text("user"),    text("status"), text("broker"),
          text("since"),  text("address"), text("why"),    attributes(row)};
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
            << " ms, from " << last.value("server", std::string("?")) << '\n';
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
    if (answer.value("outcome", "") != "ok") {
      throw Failure(answer.value("outcome", std::string("failed")) + ": " +
                    answer.value("text", std::string()));
    }
    const json& found = answer["rows"];
    if (who.json_output) std::cout << text << '\n';
    for (const json& row : found) rows.push_back(cells(row));
    left -= std::min(left, static_cast<uint32_t>(found.size()));
    who.question.after = answer.value("next", std::string());
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
