#include "query/filter.hpp"

#include <gtest/gtest.h>

#include "core/wire/query_json.hpp"
#include "tests/query/rows.hpp"

namespace muster::query {
namespace {

constexpr int64_t now_ms = 1'000'000;

wire::AnswerRow row() {
  wire::AnswerRow row;
  row.device = testing::online("tv-1", "ann");
  row.device.since_ms = now_ms - 60'000;
  row.device.last_seen_ms = now_ms - 30'000;
  row.status = wire::Status::online;
  row.attributes = {{"room", "kitchen"}, {"floor", "10"}};
  return row;
}

bool matches(const std::string& text) {
  const auto filter = Filter::compile(*wire::parse_conditions(text), now_ms);
  EXPECT_TRUE(filter) << text << ": " << filter.error();
  return filter->matches(view_of(row()));
}

TEST(Filter, ReadsEveryField) {
  for (const char* text : {"",
                           "device=tv-1",
                           "device=tv-*",
                           "device!=tv-2",
                           "device<tv-2",
                           "device>=tv-1",
                           "user=ann",
                           "user=a*",
                           "broker=b1",
                           "address=10.0.*",
                           "status=online",
                           "status!=offline",
                           "why=none",
                           "why!=broker_lost",
                           "protocol=5",
                           "protocol=5.0",
                           "protocol>3.1.1",
                           "since<-30s",
                           "since>-2m",
                           "seen>=-30s",
                           "seen<-29999ms",
                           "seen>-1h",
                           "seen>-1d",
                           "seen=970000",
                           "attr.room=kitchen",
                           "attr.room=kit*",
                           "attr.floor>9",
                           "attr.floor<=10",
                           "attr.other=",
                           "attr.other!=x",
                           "status=online user=ann attr.room=kitchen"}) {
    EXPECT_TRUE(matches(text)) << text;
  }
  for (const char* text :
       {"device=tv-2", "device=x*", "user!=ann", "broker=b2", "status=unknown", "protocol<5",
        "since>-30s", "seen<-1m", "attr.room!=kitchen", "attr.floor<9", "attr.room>9",
        "attr.other=x", "status=online user=bob"}) {
    EXPECT_FALSE(matches(text)) << text;
  }
}

TEST(Filter, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"stat=online",
       "unknown field \"stat\"; fields are device, user, status, broker, address, protocol, why, "
       "since, seen, attr.<name>"},
      {"status=on", "bad value \"on\" for status: online, offline or unknown"},
      {"status<online", "field status cannot be compared with <"},
      {"why=x", "bad value \"x\" for why: a reason such as keep_alive_timeout"},
      {"protocol=6", "bad value \"6\" for protocol: 3, 4 or 5"},
      {"protocol=5*", "field protocol cannot be compared with = ...*"},
      {"seen<yesterday", "bad value \"yesterday\" for seen: milliseconds since 1970, or -10m"},
      {"seen<-10", "bad value \"-10\" for seen: milliseconds since 1970, or -10m"},
      {"seen<-m", "bad value \"-m\" for seen: milliseconds since 1970, or -10m"},
  };
  for (const auto& [text, error] : cases) {
    const auto filter = Filter::compile(*wire::parse_conditions(text), now_ms);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error(), error);
  }
  EXPECT_FALSE(Filter::compile({{"attr.", wire::Compare::equal, "x"}}, now_ms));
  const std::vector<wire::Condition> many(33, {"user", wire::Compare::equal, "x"});
  EXPECT_EQ(Filter::compile(many, now_ms).error(), "33 conditions, at most 32");
}

TEST(Filter, KnowsWhatNeedsNoScan) {
  const auto one = Filter::compile(*wire::parse_conditions("device=a user=b status=online"), 0);
  EXPECT_EQ(one->exact_device(), "a");
  EXPECT_EQ(one->exact_user(), "b");
  EXPECT_FALSE(one->reads_attributes());
  const auto scan = Filter::compile(*wire::parse_conditions("device=a* user!=b attr.x=1"), 0);
  EXPECT_FALSE(scan->exact_device() || scan->exact_user());
  EXPECT_TRUE(scan->reads_attributes());
}

TEST(Filter, ReadsAStoredRowAsAnAnswerRow) {
  Table table;
  table.put_broker(testing::broker(testing::broker_1, wire::BrokerState::alive), 1);
  table.put_user({"ann", {{"room", "kitchen"}}});
  const RowId id = table.put(testing::online("tv-1"), 1);
  for (const char* text :
       {"device=tv-1", "user=ann", "attr.room=kitchen", "status=online", "broker=b1",
        "address=10.*", "protocol=5", "user=bob", "why!=none", "attr.room=bath", "since>2000"}) {
    const auto filter = Filter::compile(*wire::parse_conditions(text), now_ms);
    EXPECT_EQ(filter->matches(table, id), filter->matches(view_of(table.answer_row(id)))) << text;
  }
}

}  // namespace
}  // namespace muster::query
