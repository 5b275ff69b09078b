#include "control/control.hpp"

#include <gtest/gtest.h>

#include "tests/query/town.hpp"

namespace muster::control {
namespace {

using testing_town::Peer;
using testing_town::Town;
using wire::Outcome;
using wire::Role;

struct ControlTest : ::testing::Test {
  ControlTest() { start(); }

  wire::NodeInfo self(uint64_t incarnation) {
    return testing_town::node("c", Role::control, incarnation);
  }
  void start(uint64_t incarnation = 1) {
    control = &town.add("c", std::make_unique<Control>(self(incarnation), options));
  }
  Peer& peer(const std::string& name, Role role, uint64_t incarnation) {
    return town.add(name, std::make_unique<Peer>(testing_town::node(name, role, incarnation),
                                                 std::vector<wire::NodeInfo>{self(1)}));
  }
  void run(int ms) { town.run(std::chrono::milliseconds(ms)); }
  static std::vector<std::string> names(const wire::Directory& directory) {
    std::vector<std::string> names;
    for (const wire::NodeInfo& node : directory.nodes) names.push_back(node.name);
    return names;
  }
  void load(Peer& server, const std::string& name, uint32_t units, uint32_t threshold = 100,
            uint64_t received = 0) {
    wire::Load load;
    load.units = units;
    load.threshold = threshold;
    load.received = received;
    load.workers = 1;
    load.credit.assign(wire::priority_count, threshold > units ? threshold - units : 0);
    server.links.talk("c", load);
    town.flush(name);
  }
  wire::Task task(uint64_t number) {
    wire::Task task;
    task.id = {Incarnation{31}, number};
    task.asker = "b1";
    task.deadline_us = 500'000;
    task.query.devices = {"d"};
    return task;
  }

  Options options;
  Town town;
  Control* control = nullptr;
};

using Names = std::vector<std::string>;

TEST_F(ControlTest, TellsEverybodyWhoIsThere) {
  Peer& b1 = peer("b1", Role::broker, 31);
  run(50);
  EXPECT_EQ(names(b1.all<wire::Directory>().back()), (Names{"b1", "c"}));
  EXPECT_TRUE(b1.all<wire::Directory>().back().holders.empty()) << "no query server yet";
  Peer& q1 = peer("q1", Role::query, 21);
  Peer& q2 = peer("q2", Role::query, 22);
  run(50);
  for (const Peer* node : {&b1, &q1, &q2}) {
    const wire::Directory directory = node->all<wire::Directory>().back();
    EXPECT_EQ(names(directory), (Names{"b1", "c", "q1", "q2"}));
    EXPECT_EQ(directory.names, (Names{"q1", "q2"}));
    EXPECT_EQ(directory.holders.size(), 2u * slot_count);
    EXPECT_EQ(directory.version, control->directory().version);
    EXPECT_EQ(directory.nodes[2].talk, "inproc://q1.talk");
  }
  const uint64_t version = control->directory().version;
  const size_t heard = b1.count<wire::Directory>();
  town.run(std::chrono::seconds(6));
  EXPECT_EQ(control->directory().version, version) << "nothing changed";
  EXPECT_GT(b1.count<wire::Directory>(), heard) << "but it is said again";
}

TEST_F(ControlTest, TheFirstMapWaitsForTheOthersAWhile) {
  Peer& q1 = peer("q1", Role::query, 21);
  run(500);
  EXPECT_TRUE(q1.all<wire::Directory>().back().holders.empty());
  town.run_until([&] { return !q1.all<wire::Directory>().back().holders.empty(); });
  EXPECT_GE(town.now().mono, Instant{std::chrono::seconds(12)});
}

TEST_F(ControlTest, ANodeThatIsDownStaysListedAndKeepsItsSlotsForAWhile) {
  Peer& q1 = peer("q1", Role::query, 21);
  peer("q2", Role::query, 22);
  peer("q3", Role::query, 23);
  run(100);
  EXPECT_EQ(control->directory().names, (Names{"q1", "q2", "q3"}));
  town.remove("q2");
  town.run(std::chrono::seconds(4));
  EXPECT_EQ(control->directory().names, (Names{"q1", "q2", "q3"}));
  town.run(std::chrono::seconds(5));
  EXPECT_EQ(control->directory().names, (Names{"q1", "q3"}));
  EXPECT_EQ(names(q1.all<wire::Directory>().back()), (Names{"c", "q1", "q2", "q3"}));
  const uint64_t version = control->directory().version;
  peer("q2", Role::query, 92);
  run(100);
  EXPECT_GT(control->directory().version, version);
  EXPECT_EQ(control->directory().names, (Names{"q1", "q2", "q3"}));
  EXPECT_EQ(control->directory().nodes[2].incarnation, Incarnation{92});
}

TEST_F(ControlTest, HandsATaskOnAtOnceAndTheAnswerIsNotItsBusiness) {
  Peer& q1 = peer("q1", Role::query, 21);
  Peer& q2 = peer("q2", Role::query, 22);
  Peer& b1 = peer("b1", Role::broker, 31);
  run(50);
  load(q1, "q1", 120);
  load(q2, "q2", 98);
  run(5);
  for (uint64_t number = 1; number <= 3; ++number) q1.links.talk("c", wire::AskTask{task(number)});
  town.flush("q1");
  run(1);
  const auto asked = q2.all<wire::AskTask>();
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].task.id.number, 1u);
  EXPECT_EQ(asked[0].task.asker, "b1");
  EXPECT_TRUE(asked[0].task.redirected);
  EXPECT_EQ(asked[0].task.deadline_us, 500'000u);
  const auto refused = b1.all<wire::TaskAnswer>();
  ASSERT_EQ(refused.size(), 1u) << "the third: no credit left";
  EXPECT_EQ(refused[0].answer.id.number, 3u);
  EXPECT_EQ(refused[0].answer.outcome, Outcome::busy);
  EXPECT_EQ(refused[0].answer.retry_after_ms, 200u);
  EXPECT_EQ(refused[0].answer.server, "c");
  EXPECT_EQ(control->stats().redirects, 2u);
  EXPECT_EQ(control->stats().busy, 1u);
}

TEST_F(ControlTest, NeverRedirectsTwice) {
  Peer& q1 = peer("q1", Role::query, 21);
  Peer& q2 = peer("q2", Role::query, 22);
  Peer& b1 = peer("b1", Role::broker, 31);
  run(50);
  load(q2, "q2", 0);
  wire::Task again = task(1);
  again.redirected = true;
  q1.links.talk("c", wire::AskTask{again});
  town.flush("q1");
  run(5);
  EXPECT_EQ(q2.count<wire::AskTask>(), 0u);
  EXPECT_EQ(b1.all<wire::TaskAnswer>().at(0).answer.outcome, Outcome::busy);
  EXPECT_EQ(control->stats().refused, 1u);
}

TEST_F(ControlTest, AServerThatIsDownGetsNothing) {
  Peer& q1 = peer("q1", Role::query, 21);
  Peer& q2 = peer("q2", Role::query, 22);
  Peer& b1 = peer("b1", Role::broker, 31);
  run(50);
  load(q2, "q2", 0);
  town.remove("q2");
  town.run(std::chrono::seconds(3));
  q1.links.talk("c", wire::AskTask{task(1)});
  town.flush("q1");
  run(5);
  EXPECT_EQ(b1.all<wire::TaskAnswer>().at(0).answer.outcome, Outcome::busy);
}

TEST_F(ControlTest, WhoIsBehindIsAskedLast) {
  Peer& q1 = peer("q1", Role::query, 21);
  Peer& q2 = peer("q2", Role::query, 22);
  run(50);
  load(q1, "q1", 0);
  load(q2, "q2", 0, 0);
  run(5);
  const wire::Directory directory = q1.all<wire::Directory>().back();
  for (size_t slot = 0; slot < slot_count; ++slot) EXPECT_EQ(directory.holders[2 * slot], 0);
}

TEST_F(ControlTest, ARestartLosesNothing) {
  Peer& q1 = peer("q1", Role::query, 21);
  peer("q2", Role::query, 22);
  run(50);
  town.remove("c");
  run(1000);
  start(2);
  run(3000);
  EXPECT_EQ(names(control->directory()), (Names{"c", "q1", "q2"}));
  EXPECT_EQ(control->directory().names, (Names{"q1", "q2"}));
  EXPECT_EQ(q1.all<wire::Directory>().back().version, control->directory().version);
}

TEST(Nodes, TheLongestGoneLeavesWhenThereAreTooMany) {
  Options options;
  options.nodes_max = 3;
  Town town;
  auto& control =
      town.add("c", std::make_unique<Control>(testing_town::node("c", Role::control, 1), options));
  const std::vector<wire::NodeInfo> known = {testing_town::node("c", Role::control, 1)};
  for (const char* name : {"b1", "b2", "b3"}) {
    town.add(name, std::make_unique<Peer>(testing_town::node(name, Role::broker, 40), known));
    town.run(std::chrono::seconds(1));
    if (std::string(name) != "b3") town.remove(name);
    town.run(std::chrono::seconds(5));
  }
  EXPECT_EQ(ControlTest::names(control.directory()), (Names{"b2", "b3", "c"}));
}

}  // namespace
}  // namespace muster::control
