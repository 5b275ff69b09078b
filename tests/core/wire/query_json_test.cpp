#include "core/wire/query_json.hpp"

#include <gtest/gtest.h>

namespace muster::wire {
namespace {

constexpr WallTime noon{1'700'000'000'000};

std::string error_of(std::string_view json) {
  const auto request = parse_query(json, noon);
  return request ? "no error" : request.error().text;
}

TEST(Conditions, AreReadAndWrittenAlike) {
  const std::vector<std::pair<std::string, Condition>> cases = {
      {"status=online", {"status", Compare::equal, "online"}},
      {"broker!=b1", {"broker", Compare::not_equal, "b1"}},
      {"device=tv-*", {"device", Compare::prefix, "tv-"}},
      {"device=*", {"device", Compare::prefix, ""}},
      {"device=five\\*", {"device", Compare::equal, "five*"}},
      {"seen<-10m", {"seen", Compare::less, "-10m"}},
      {"since>=1700000000000", {"since", Compare::greater_equal, "1700000000000"}},
      {"protocol<=4", {"protocol", Compare::less_equal, "4"}},
      {"attr.floor>3", {"attr.floor", Compare::greater, "3"}},
      {"attr.a=b=c", {"attr.a", Compare::equal, "b=c"}},
      {"attr.a=", {"attr.a", Compare::equal, ""}},
  };
  for (const auto& [text, condition] : cases) {
    const auto parsed = parse_condition(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, condition) << text;
    EXPECT_EQ(to_text(condition), text);
  }
}

TEST(Conditions, StandInOneTextWithQuotes) {
  const auto parsed = parse_conditions("  status=online\tattr.room=\"living \\\"1\\\" room\"  ");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[1].value, "living \"1\" room");
  EXPECT_EQ(to_text((*parsed)[1]), "attr.room=\"living \\\"1\\\" room\"");
  EXPECT_TRUE(parse_conditions("")->empty());
}

TEST(Conditions, SayWhatIsWrong) {
  EXPECT_EQ(parse_conditions("online").error().text,
            "condition \"online\" has none of = != < <= > >=");
  EXPECT_EQ(parse_conditions("=x").error().text, "condition \"=x\" has no field");
  EXPECT_EQ(parse_conditions("a!b").error().text, "condition \"a!b\" has none of = != < <= > >=");
  EXPECT_EQ(parse_conditions("user=\"a b").error().text, "a quote is not closed");
}

TEST(QueryJson, ReadsAList) {
  const auto request = parse_query(
      R"({"kind":"list","where":["status=online","attr.room=big kitchen"],"limit":100,
          "after":"d7","priority":"urgent","timeout_ms":1500,"id":{"n":[1,"x"]}})",
      noon);
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(request->query.kind, QueryKind::list);
  ASSERT_EQ(request->query.where.size(), 2u);
  EXPECT_EQ(request->query.where[1].value, "big kitchen");
  EXPECT_EQ(request->query.limit, 100u);
  EXPECT_EQ(request->query.after, "d7");
  EXPECT_EQ(request->query.now_ms, noon.ms);
  EXPECT_EQ(request->priority, Priority::urgent);
  EXPECT_EQ(request->timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(request->id, R"({"n":[1,"x"]})");
}

TEST(QueryJson, ReadsALookupAndACountAndNothing) {
  const auto lookup = parse_query(R"({"devices":["a","b"]})", noon);
  ASSERT_TRUE(lookup);
  EXPECT_EQ(lookup->query.kind, QueryKind::lookup);
  EXPECT_EQ(lookup->query.devices, (std::vector<std::string>{"a", "b"}));
  const auto count = parse_query(R"({"kind":"count","where":"status=online user=u*"})", noon);
  ASSERT_TRUE(count);
  EXPECT_EQ(count->query.kind, QueryKind::count);
  EXPECT_EQ(count->query.where.size(), 2u);
  EXPECT_EQ(parse_query("{}", noon)->query.kind, QueryKind::list);
}

TEST(QueryJson, SaysWhatIsWrong) {
  EXPECT_EQ(error_of("{"), "not JSON");
  EXPECT_EQ(error_of("[]"), "a query is a JSON object");
  EXPECT_EQ(error_of(R"({"kind":"find"})"), "\"kind\" must be lookup, list or count");
  EXPECT_EQ(error_of(R"({"kind":7})"), "\"kind\" must be lookup, list or count");
  EXPECT_EQ(error_of(R"({"limit":0})"), "\"limit\" must be a number from 1 to 4294967295");
  EXPECT_EQ(error_of(R"({"limit":-1})"), "\"limit\" must be a number from 1 to 4294967295");
  EXPECT_EQ(error_of(R"({"limit":18446744073709551615})"),
            "\"limit\" must be a number from 1 to 4294967295");
  EXPECT_EQ(error_of(R"({"timeout_ms":60001})"), "\"timeout_ms\" must be a number from 1 to 60000");
  EXPECT_EQ(error_of(R"({"priority":"soon"})"),
            "priority \"soon\" is none of urgent, high, normal, low");
  EXPECT_EQ(error_of(R"({"devices":[]})"), "a lookup needs \"devices\"");
  EXPECT_EQ(error_of(R"({"kind":"lookup"})"), "a lookup needs \"devices\"");
  EXPECT_EQ(error_of(R"({"devices":["a"],"limit":1})"), "a lookup takes no \"limit\"");
  EXPECT_EQ(error_of(R"({"devices":[1]})"), "\"devices\" must be a list of client ids");
  EXPECT_EQ(error_of(R"({"kind":"count","devices":["a"]})"),
            "\"devices\" belong to a lookup; use \"where\"");
  EXPECT_EQ(error_of(R"({"where":[1]})"),
            "\"where\" must be a list of conditions, or one text of them");
  EXPECT_EQ(error_of(R"({"where":"x"})"), "condition \"x\" has none of = != < <= > >=");
  EXPECT_EQ(error_of(R"({"Where":"x"})"),
            "unknown key \"Where\"; keys are kind, devices, where, limit, after, priority, "
            "timeout_ms, server, id");
}

AnswerRow row() {
  AnswerRow row;
  row.device.device = "tv-1";
  row.device.user = "ann";
  row.device.connected = true;
  row.device.broker_name = "b1";
  row.device.address = "10.0.0.1:99";
  row.device.protocol = 5;
  row.device.since_ms = 1'700'000'000'123;
  row.device.last_seen_ms = 1'700'000'000'123;
  row.status = Status::online;
  row.attributes = {{"room", "kitchen"}};
  return row;
}

const std::string row_text =
    R"({"device":"tv-1","user":"ann","status":"online","broker":"b1","address":"10.0.0.1:99",)"
    R"("protocol":5,"since":"2023-11-14T22:13:20.123Z","seen":"2023-11-14T22:13:20.123Z",)"
    R"("why":"none","attributes":{"room":"kitchen"}})";

TEST(QueryJson, WritesARow) {
  EXPECT_EQ(to_json(row()), row_text);
  EXPECT_EQ(to_json(row(), 3), row_text.substr(0, row_text.size() - 1) + R"(,"skipped":3})");
}

TEST(QueryJson, WritesAnAnswer) {
  Answer answer;
  answer.rows = {row()};
  answer.count = 1;
  answer.next = "tv-1";
  answer.as_of = {3, 42};
  answer.lag_us = 7'900;
  answer.server = "q1";
  answer.answered = answer.asked = 1024;
  answer.redirected = true;
  EXPECT_EQ(to_json(answer, "\"my id\""),
            R"({"id":"my id","outcome":"ok","rows":[)" + row_text +
                R"(],"count":1,"next":"tv-1","as_of":{"era":3,"number":42},"lag_ms":7,)"
                R"("server":"q1","answered":1024,"asked":1024,"redirected":true,)"
                R"("retry_after_ms":0})");
}

TEST(QueryJson, WritesRefusals) {
  Answer answer;
  answer.outcome = Outcome::busy;
  answer.text = "too many tasks";
  answer.retry_after_ms = 200;
  EXPECT_TRUE(to_json(answer).starts_with(R"({"outcome":"busy","text":"too many tasks",)"));
  EXPECT_EQ(error_json("not JSON", "7"), R"({"id":7,"outcome":"bad_query","text":"not JSON"})");
}

TEST(QueryJson, SurvivesNamesThatAreNoUtf8) {
  AnswerRow broken = row();
  broken.device.device = "\xff\xfe";
  EXPECT_NE(to_json(broken).find("\"device\":\"\xEF\xBF\xBD"), std::string::npos);
}

TEST(QueryJson, WritesTimes) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_time(INT64_MAX), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace muster::wire
