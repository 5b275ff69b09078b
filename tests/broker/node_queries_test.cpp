#include <gtest/gtest.h>

#include "core/mqtt/codec.hpp"
#include "tests/broker/node_query_server.hpp"

namespace muster::broker::node_testing {
namespace {

struct NodeQueriesTest : testing::Test {
  World world;
  Log log;
  TestBroker* a = nullptr;
  std::unique_ptr<QueryServer> one, two;

  void start(int servers, Options options = {}) {
    a = &world.broker("a", 1, options);
    if (servers > 0) one = std::make_unique<QueryServer>(world, log, "query-1");
    if (servers > 1) two = std::make_unique<QueryServer>(world, log, "query-2");
    ASSERT_TRUE(world.run_until([&] {
      return (!one || one->peer().up("a")) && (!two || two->peer().up("a")) &&
             world.control().up("a");
    }));
    world.run(10ms);
  }
  void ask(const std::string& payload) {
    AskQuery question;
    question.client = {ShardIndex{0}, 3, 4};
    question.user = "me";
    question.payload = payload;
    question.response_topic = "answers";
    question.correlation_data = "c0";
    question.has_correlation = true;
    a->send(0, question);
  }
  std::vector<QueryAnswered> answers() const { return a->all<QueryAnswered>(0); }
  bool answered(size_t count, Duration limit = 5s) {
    return world.run_until([&] { return answers().size() >= count; }, limit);
  }
  std::string last() const { return answers().back().payload; }
};

constexpr const char* lookup = R"({"devices":["d1"]})";

TEST_F(NodeQueriesTest, AreAnsweredToTheAskerAlone) {
  start(1);
  log.set("d1", "u1", wire::Status::online);
  ask(R"({"devices":["d1"],"id":7})");
  ASSERT_TRUE(answered(1));
  const QueryAnswered answer = answers()[0];
  EXPECT_EQ(answer.client, (ClientRef{ShardIndex{0}, 3, 4}));
  EXPECT_EQ(answer.topic, "answers");
  EXPECT_NE(answer.payload.find("\"d1\""), std::string::npos) << answer.payload;
  EXPECT_NE(answer.payload.find("7"), std::string::npos);
  const auto properties = mqtt::decode_publish_properties(answer.properties);
  ASSERT_TRUE(properties);
  EXPECT_EQ(properties->correlation_data, "c0");
  EXPECT_EQ(properties->content_type, "application/json");
}

TEST_F(NodeQueriesTest, ThatAreWrongAreNeverSent) {
  start(1);
  ask("{");
  ask(R"({"unknown":1})");
  ask(std::string(300'000, ' '));
  EXPECT_EQ(answers().size(), 3u);
  for (const QueryAnswered& answer : answers()) {
    EXPECT_NE(answer.payload.find("bad_query"), std::string::npos) << answer.payload;
  }
  EXPECT_TRUE(one->tasks.empty());
}

TEST_F(NodeQueriesTest, GoToServersInTurn) {
  start(2);
  for (int i = 0; i < 10; ++i) ask(lookup);
  ASSERT_TRUE(answered(10));
  EXPECT_EQ(one->tasks.size(), 5u);
  EXPECT_EQ(two->tasks.size(), 5u);
}

TEST_F(NodeQueriesTest, AreAskedElsewhereAfterAThirdOfTheTimeAndAnsweredOnce) {
  start(2);
  one->silent = two->silent = true;
  ask(R"({"devices":["d1"],"timeout_ms":900})");
  world.run(290ms);
  EXPECT_EQ(one->tasks.size() + two->tasks.size(), 1u);
  world.run(20ms);
  ASSERT_EQ(one->tasks.size(), 1u);
  ASSERT_EQ(two->tasks.size(), 1u);
  EXPECT_EQ(one->tasks[0].id, two->tasks[0].id);
  EXPECT_NE(one->tasks[0].deadline_us, two->tasks[0].deadline_us);
  one->answer(one->tasks[0]);
  two->answer(two->tasks[0]);
  ASSERT_TRUE(answered(1));
  world.run(2s);
  EXPECT_EQ(answers().size(), 1u);
  EXPECT_EQ(a->node().counters().answers_late, 1u);
}

TEST_F(NodeQueriesTest, ExpireWhenNobodyAnswers) {
  start(2);
  one->silent = two->silent = true;
  ask(R"({"devices":["d1"],"timeout_ms":900})");
  world.run(890ms);
  EXPECT_TRUE(answers().empty());
  world.run(20ms);
  ASSERT_EQ(answers().size(), 1u);
  EXPECT_NE(last().find("expired"), std::string::npos) << last();
}

TEST_F(NodeQueriesTest, AreAskedElsewhereAtOnceWhenTheServerGoesDown) {
  start(2);
  one->silent = two->silent = true;
  ask(R"({"devices":["d1"],"timeout_ms":60000})");
  world.run(10ms);
  QueryServer& asked = one->tasks.empty() ? *two : *one;
  QueryServer& other = one->tasks.empty() ? *one : *two;
  other.silent = false;
  world.cut("a", &asked == one.get() ? "query-1" : "query-2");
  EXPECT_TRUE(answered(1, 3s));
}

TEST_F(NodeQueriesTest, AreAskedElsewhereWhenControlGoesDown) {
  start(2);
  one->silent = two->silent = true;
  ask(R"({"devices":["d1"],"timeout_ms":60000})");
  world.run(10ms);
  (one->tasks.empty() ? *one : *two).silent = false;
  world.crash("control");
  EXPECT_TRUE(answered(1, 3s));
}

TEST_F(NodeQueriesTest, AreUnavailableWithoutAServer) {
  start(0);
  ask(lookup);
  ASSERT_TRUE(answered(1, 1s));
  EXPECT_NE(last().find("unavailable"), std::string::npos) << last();
}

TEST_F(NodeQueriesTest, AServerThatWasLetGoMayComeBack) {
  start(1);
  world.crash("query-1");
  world.run(3s);
  world.unlist("query-1");
  world.publish_directory();
  world.run(1s);
  one = std::make_unique<QueryServer>(world, log, "query-1");
  ASSERT_TRUE(world.run_until([&] { return one->peer().up("a"); }));
  ask(lookup);
  ASSERT_TRUE(answered(1));
  EXPECT_NE(last().find("query-1"), std::string::npos) << last();
}

TEST_F(NodeQueriesTest, WaitALittleForTheFirstServer) {
  start(0);
  ask(lookup);
  one = std::make_unique<QueryServer>(world, log, "query-1");
  ASSERT_TRUE(answered(1));
  EXPECT_NE(last().find("query-1"), std::string::npos) << last();
}

TEST_F(NodeQueriesTest, AreRefusedOverTheBound) {
  Options options;
  options.query_open_max = 2;
  start(1, options);
  one->silent = true;
  for (int i = 0; i < 3; ++i) ask(lookup);
  ASSERT_EQ(answers().size(), 1u);
  EXPECT_NE(last().find("busy"), std::string::npos) << last();
}

TEST_F(NodeQueriesTest, PassOnThatAServerIsBusy) {
  start(1);
  one->outcome = wire::Outcome::busy;
  ask(lookup);
  ASSERT_TRUE(answered(1));
  EXPECT_NE(last().find("300"), std::string::npos) << last();
}

}  // namespace
}  // namespace muster::broker::node_testing
