#pragma once
// One question to the cluster over MQTT: a request on $query, its answer on a topic that only this
// connection hears (design.md section 8). Used by who and by scripts through `muster who --json`.

#include <chrono>
#include <string>
#include <vector>

#include "clients/connection.hpp"

namespace muster::clients {

struct Question {
  std::vector<std::string> words;  // conditions ("status=online") or device ids
  bool count = false;
  uint32_t limit = 1000;
  std::string after;
  std::string priority = "normal";
  std::string server;  // ask this query server; empty: whichever the broker chooses
  int timeout_ms = 2000;
};

// The request as $query wants it (core/wire/query_json.hpp).
std::string request_json(const Question& question, const std::string& id);

// The answer's JSON text. Throws Failure when none comes within the timeout and a second.
std::string ask(Connection& connection, const Question& question);

}  // namespace muster::clients
