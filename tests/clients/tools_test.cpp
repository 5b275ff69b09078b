// What the tools say and print, without a broker.

#include <gtest/gtest.h>

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
