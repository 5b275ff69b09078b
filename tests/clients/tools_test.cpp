// What the tools say and print, without a broker.

#include <gtest/gtest.h>

#include "clients/arrivals.hpp"
#include "clients/ask.hpp"
#include "clients/format.hpp"
#include "clients/table.hpp"

namespace muster::clients {
namespace {

TEST(Format, KnowsMosquittosLetters) {
  Message message;
  message.topic = "a/b";
  message.payload = "hi";
  message.qos = 1;
  message.properties["content-type"] = "text/plain";
  message.user_properties.emplace_back("k", "v");
  EXPECT_EQ(formatted("%t|%p|%x|%l|%q|%r|%C|%P|%%\\n", message),
            "a/b|hi|6869|2|1|0|text/plain|k:v|%\n");
  EXPECT_THROW(formatted("%y", message), Failure);
}

TEST(Arrivals, AreTakenBeforeTheEndIsTold) {
  Arrivals arrivals;
  EXPECT_FALSE(arrivals.next(std::chrono::milliseconds(0)));
  Message message;
  for (const char* payload : {"one", "two"}) {
    message.payload = payload;
    arrivals.add(message);
  }
  arrivals.end("the broker went");
  arrivals.end("the connection was lost");  // and that is why
  EXPECT_EQ(arrivals.next(std::nullopt)->payload, "one");
  EXPECT_EQ(arrivals.next(std::chrono::milliseconds(0))->payload, "two");
  try {
    arrivals.next(std::nullopt);
    FAIL() << "nothing was left";
  } catch (const Failure& failure) {
    EXPECT_STREQ(failure.what(), "the broker went");
  }
}

TEST(Properties, AreJudgedBeforeAnythingIsSent) {
  Flags flags;
  flags.properties = {{"connect", "receive-maximum", "1"},
                      {"will", "will-delay-interval", "4294967295"},
                      {"publish", "content-type", "text"},
                      {"subscribe", "subscription-identifier", "7"},
                      {"unsubscribe", "user-property", "name", "value"},
                      {"disconnect", "reason-string", "enough"}};
  EXPECT_NO_THROW(Connection{flags});
  const std::vector<std::string> wrong[] = {{"subscirbe", "subscription-identifier", "7"},
                                            {"publish", "content", "text"},
                                            {"connect", "receive-maximum", "one"},
                                            {"connect", "receive-maximum", "1 "},
                                            {"disconnect", "session-expiry-interval", "4294967296"},
                                            {"disconnect", "user-property", "name"}};
  for (const auto& flag : wrong) {
    flags.properties = {flag};
    EXPECT_THROW(Connection{flags}, Failure) << flag[0] << ' ' << flag[1];
  }
}

TEST(Table, IsAsWideAsItsWidestCell) {
  EXPECT_EQ(table({"A", "LONGER"}, {{"wide", "x"}, {"y", ""}}), "A     LONGER\nwide  x\ny\n");
}

TEST(Ask, WordsAreDevicesOrConditions) {
  Question question;
  question.words = {"tv-1", "tv-2"};
  EXPECT_EQ(request_json(question, "1"),
            R"({"devices":["tv-1","tv-2"],"id":"1","priority":"normal","timeout_ms":2000})");
  question.words = {"status=online"};
  question.count = true;
  EXPECT_EQ(request_json(question, "2"),
            R"({"id":"2","kind":"count","priority":"normal","timeout_ms":2000,)"
            R"("where":["status=online"]})");
  question.words = {"tv-1", "status=online"};
  EXPECT_THROW(request_json(question, "3"), Failure);
}

}  // namespace
}  // namespace muster::clients
