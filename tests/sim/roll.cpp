#include "tests/sim/roll.hpp"

#include <nlohmann/json.hpp>

#include "tests/sim/context.hpp"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

Seen row(const Json& json) {
  Seen seen;
  seen.device = json.value("device", "");
  seen.status = json.value("status", "");
  seen.broker = json.value("broker", "");
  seen.address = json.value("address", "");
  seen.since = json.value("since", "");
  seen.why = json.value("why", "");
  seen.skipped = json.value("skipped", 0u);
  return seen;
}

Json parse(BytesView text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw Violation("well_formed", "an answer is not JSON: " + Bytes(text));
  return json;
}

}  // namespace

Seen read_row(BytesView json) {
  return row(parse(json));
}

Roll read_answer(BytesView text) {
  const Json json = parse(text);
  Roll roll;
  roll.outcome = json.value("outcome", "");
  roll.server = json.value("server", "");
  roll.count = json.value("count", uint64_t{0});
  if (json.contains("as_of")) {
    roll.era = json["as_of"].value("era", uint64_t{0});
    roll.number = json["as_of"].value("number", uint64_t{0});
  }
  if (json.contains("rows")) {
    for (const Json& one : json["rows"]) roll.rows.push_back(row(one));
  }
  return roll;
}

}  // namespace muster::sim
