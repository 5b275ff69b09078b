#include "clients/ask.hpp"

#include <nlohmann/json.hpp>

namespace muster::clients {
namespace {

constexpr const char* answer_topic = "$query/answer";

bool is_condition(const std::string& word) {
  return word.find_first_of("=<>") != std::string::npos;
}

}  // namespace

std::string request_json(const Question& question, const std::string& id) {
  nlohmann::json devices = nlohmann::json::array();
  nlohmann::json where = nlohmann::json::array();
  for (const std::string& word : question.words)
    (is_condition(word) ? where : devices).push_back(word);
  if (!devices.empty() && !where.empty()) {
    throw Failure("either device ids or conditions, not both");
  }
  nlohmann::json request;
  request["id"] = id;
  request["priority"] = question.priority;
  request["timeout_ms"] = question.timeout_ms;
  if (!question.server.empty()) request["server"] = question.server;
  if (!devices.empty()) {
    request["devices"] = devices;
    return request.dump();
  }
  request["kind"] = question.count ? "count" : "list";
  request["where"] = where;
  if (!question.count) {
    request["limit"] = question.limit;
    request["after"] = question.after;
  }
  return request.dump();
}

std::string ask(Connection& connection, const Question& question) {
  static int asked = 0;
  std::string id = std::to_string(++asked);
  Message request;
  request.topic = "$query";
  request.qos = 1;
  request.payload = request_json(question, id);
  if (connection.is_v5()) request.properties["response-topic"] = answer_topic;
  connection.publish(request);
  auto patience = std::chrono::milliseconds(question.timeout_ms + 1000);
  while (auto answer = connection.next(patience)) {
    if (answer->topic != answer_topic) continue;
    auto json = nlohmann::json::parse(answer->payload, nullptr, false);
    if (json.is_object() && json.value("id", id) == id) return answer->payload;
  }
  throw Failure("no answer came");
}

}  // namespace muster::clients
