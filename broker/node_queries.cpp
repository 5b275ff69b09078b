#include "broker/node_queries.hpp"

#include "broker/node_may_see.hpp"
#include "core/mqtt/codec.hpp"
#include "core/wire/query_json.hpp"

namespace muster::broker {
namespace {

std::string answer_properties(const AskQuery& question) {
  mqtt::Properties properties;
  properties.content_type = "application/json";
  if (question.has_correlation) properties.correlation_data = question.correlation_data;
  std::string bytes;
  mqtt::encode_properties(properties, bytes);
  return bytes;
}

}  // namespace

void NodeQueries::ask(Now now, AskQuery question) {
  ++desk_.counters.queries;
  Asker asker{question.client,
              std::move(question.user),
              std::move(question.response_topic),
              answer_properties(question),
              {}};
  if (question.payload.size() > desk_.options.query_payload_max) {
    return refuse(asker, wire::Outcome::bad_query, "the question is too long");
  }
  auto request = wire::parse_query(question.payload, now.wall);
  if (!request) {
    ++desk_.counters.queries_refused;
    return reply(asker, wire::error_json(request.error().text));
  }
  asker.id = std::move(request->id);
  // Rows of a look-up are judged one by one when they are here.
  const bool lookup = request->query.kind == wire::QueryKind::lookup;
  if (!lookup && !may_see(asker.user, everybody)) {
    return refuse(asker, wire::Outcome::forbidden, "you may not see everybody");
  }
  if (tasks_.open() >= desk_.options.query_open_max) {
    return refuse(asker, wire::Outcome::busy, "too many questions are under way");
  }
  tasks_.ask(
      now,
      {std::move(request->query), request->priority, request->timeout, std::move(request->server)},
      [this, asker = std::move(asker)](Now, wire::Answer result) {
        std::erase_if(result.rows, [&](const wire::AnswerRow& row) {
          return !may_see(asker.user, row.device.user);
        });
        answer(asker, result);
      });
}

void NodeQueries::refuse(const Asker& asker, wire::Outcome outcome, const char* text) {
  ++desk_.counters.queries_refused;
  wire::Answer answer;
  answer.outcome = outcome;
  answer.text = text;
  if (outcome == wire::Outcome::busy) answer.retry_after_ms = 200;
  this->answer(asker, answer);
}

void NodeQueries::answer(const Asker& asker, const wire::Answer& answer) {
  reply(asker, wire::to_json(answer, asker.id));
}

void NodeQueries::reply(const Asker& asker, std::string payload) {
  QueryAnswered letter;
  letter.client = asker.client;
  letter.topic = asker.topic;
  letter.payload = std::move(payload);
  letter.properties = asker.properties;
  desk_.mail.post(asker.client.shard, std::move(letter));
}

}  // namespace muster::broker
