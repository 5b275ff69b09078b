#include "query/query.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/query/city.hpp"

namespace muster::query {
namespace {

using namespace testing;
using wire::Outcome;
using wire::Priority;
using wire::QueryKind;
using Names = std::vector<std::string>;

std::string name(int number) {
  return "d" + std::to_string(1000 + number);
}

TEST(Query, LooksUpListsAndCounts) {
  City city(1);
  ASSERT_TRUE(city.all_ready());
  city.global->add(wire::UserRow{"ann", {{"room", "kitchen"}}});
  for (int device = 0; device < 10; ++device)
    city.global->add(device % 2 ? offline(name(device), "bob") : online(name(device), "ann"));
  city.town.run(std::chrono::milliseconds(10));

  wire::Task lookup = city.task(name(4), Priority::normal, QueryKind::lookup);
  lookup.query.devices = {name(5), name(4), "nobody"};
  wire::Answer answer = city.ask("q1", lookup);
  EXPECT_EQ(answer.outcome, Outcome::ok);
  EXPECT_EQ(City::devices(answer), (Names{name(5), name(4)}));
  EXPECT_EQ(answer.rows[1].status, wire::Status::online);
  EXPECT_EQ(answer.rows[1].attributes.at("room"), "kitchen");
  EXPECT_EQ(answer.as_of, city.global->log.at());
  EXPECT_LT(answer.lag_us, 20'000u);
  EXPECT_EQ(answer.answered, answer.asked);
  EXPECT_EQ(answer.server, "q1");

  wire::Task list = city.task("status=online attr.room=kitchen");
  list.query.limit = 3;
  answer = city.ask("q1", list);
  EXPECT_EQ(City::devices(answer), (Names{name(0), name(2), name(4)}));
  EXPECT_EQ(answer.next, name(4));
  EXPECT_EQ(answer.asked, slot_count);
  list = city.task("status=online attr.room=kitchen");
  list.query.after = answer.next;
  answer = city.ask("q1", list);
  EXPECT_EQ(City::devices(answer), (Names{name(6), name(8)}));
  EXPECT_EQ(answer.next, "");
  EXPECT_EQ(city.ask("q1", city.task("user=bob", Priority::normal, QueryKind::count)).count, 5u);
  EXPECT_EQ(City::devices(city.ask("q1", city.task("user=bob device=*3"))), Names{});
  EXPECT_EQ(City::devices(city.ask("q1", city.task("device=" + name(3)))), (Names{name(3)}));
}

TEST(Query, ReadsDevicesThroughTheirBroker) {
  City city(1);
  city.global->add(online("tv"));
  ASSERT_TRUE(city.all_ready());
  city.global->add(broker(broker_1, wire::BrokerState::unreachable));
  city.town.run(std::chrono::milliseconds(10));
  EXPECT_EQ(city.ask("q1", city.task("status=unknown")).rows.size(), 1u);
  city.global->add(broker(broker_1, wire::BrokerState::dead));
  city.town.run(std::chrono::milliseconds(10));
  const wire::Answer answer = city.ask("q1", city.task("status=offline why=broker_lost"));
  EXPECT_EQ(City::devices(answer), (Names{"tv"}));
}

TEST(Query, RefusesWhatItCannotAnswer) {
  City city(1, {}, false);
  city.town.run(std::chrono::seconds(1));
  wire::Answer answer = city.ask("q1", city.task("tv", Priority::normal, QueryKind::lookup));
  EXPECT_EQ(answer.outcome, Outcome::unavailable) << "no snapshot yet";
  ASSERT_TRUE(city.all_ready());
  answer = city.ask("q1", city.task("stat=x"));
  EXPECT_EQ(answer.outcome, Outcome::bad_query);
  EXPECT_EQ(answer.text.substr(0, 20), "unknown field \"stat\"");
  wire::Task empty = city.task("", Priority::normal, QueryKind::lookup);
  empty.query.devices.clear();
  EXPECT_EQ(city.ask("q1", empty).text, "no devices to look up");
  wire::Task nothing = city.task("");
  nothing.query.limit = 0;
  EXPECT_EQ(city.ask("q1", nothing).text, "limit must be at least 1");
  wire::Task late = city.task("");
  late.deadline_us = 0;
  EXPECT_EQ(city.ask("q1", late).outcome, Outcome::expired);
}

Options slow() {  // a scan of a few rows takes many turns
  Options options;
  options.workers = 1;
  options.slice_rows = 20;
  options.threshold = 10;
  options.queue_max = 15;
  options.links.liveness = std::chrono::seconds(5);
  return options;
}

struct Busy {
  explicit Busy(bool with_control) : city(1, slow(), with_control) {
    for (int device = 0; device < 4000; ++device) city.global->add(online(name(device)));
    EXPECT_TRUE(city.all_ready());
    city.town.run(std::chrono::seconds(1));
    scan = city.task("device!=x", Priority::normal, QueryKind::count);
    city.send("q1", scan);
    city.town.run_until([&] { return city.queries["q1"]->stats().slices > 2; });
  }
  City city;
  wire::Task scan;
};

TEST(Query, AnUrgentTaskDoesNotWaitForAScan) {
  Busy busy(true);
  City& city = busy.city;
  const uint64_t before = city.queries["q1"]->stats().slices;
  const wire::Answer answer =
      city.ask("q1", city.task(name(7), Priority::urgent, QueryKind::lookup));
  EXPECT_EQ(answer.rows.size(), 1u);
  EXPECT_LE(city.queries["q1"]->stats().slices, before + 5);
  EXPECT_LE(city.queries["q1"]->stats().urgent_wait_slices_max, 1u);
  EXPECT_EQ(city.answer_to(busy.scan.id), nullptr) << "the scan goes on";
  city.town.run_until([&] { return city.answer_to(busy.scan.id) != nullptr; });
  EXPECT_EQ(city.answer_to(busy.scan.id)->count, 4000u);
}

TEST(Query, SendsTheExcessToControlAndTellsItsLoad) {
  Busy busy(true);
  City& city = busy.city;
  std::vector<wire::Task> lows, urgents;
  for (int at = 0; at < 30; ++at)
    lows.push_back(city.task(name(at), Priority::low, QueryKind::lookup));
  for (int at = 0; at < 8; ++at)
    urgents.push_back(city.task(name(at), Priority::urgent, QueryKind::lookup));
  for (const wire::Task& task : lows) city.b1->links.talk("q1", wire::AskTask{task});
  for (const wire::Task& task : urgents) city.b1->links.talk("q1", wire::AskTask{task});
  city.town.flush("b1");
  city.town.run(std::chrono::milliseconds(300));
  std::set<wire::TaskId> sent;
  for (const wire::AskTask& ask : city.control->all<wire::AskTask>()) {
    EXPECT_EQ(ask.task.priority, Priority::low);
    EXPECT_FALSE(ask.task.redirected) << "control marks it";
    EXPECT_LE(ask.task.deadline_us, 2'000'000u);
    EXPECT_TRUE(sent.insert(ask.task.id).second);
  }
  EXPECT_GE(sent.size(), 20u);
  for (const wire::Task& task : lows)
    EXPECT_NE(sent.count(task.id) > 0, city.answer_to(task.id) != nullptr) << "one of the two";
  for (const wire::Task& task : urgents) EXPECT_NE(city.answer_to(task.id), nullptr);
  EXPECT_EQ(city.queries["q1"]->stats().redirected, sent.size());

  const auto loads = city.control->all<wire::Load>();
  ASSERT_FALSE(loads.empty());
  EXPECT_EQ(loads.back().threshold, 10u);
  ASSERT_EQ(loads.back().credit.size(), wire::priority_count);
  uint32_t most = 0;
  for (const wire::Load& load : loads) most = std::max(most, load.units);
  EXPECT_GT(most, 4u);
}

TEST(Query, RunsWhatWasRedirectedToIt) {
  Busy busy(true);
  City& city = busy.city;
  for (int at = 0; at < 30; ++at) {
    wire::Task task = city.task(name(at), Priority::low, QueryKind::lookup);
    task.redirected = true;
    city.control->links.talk("q1", wire::AskTask{task});
  }
  city.town.flush("c");
  city.town.run(std::chrono::seconds(3));
  size_t ok = 0, refused = 0;
  for (const wire::TaskAnswer& answer : city.b1->all<wire::TaskAnswer>()) {
    if (answer.answer.id == busy.scan.id) continue;
    EXPECT_TRUE(answer.answer.redirected);
    ok += answer.answer.outcome == Outcome::ok;
    refused += answer.answer.outcome == Outcome::busy;
  }
  EXPECT_EQ(ok + refused, 30u);
  EXPECT_GT(refused, 0u) << "beyond queue_max";
  EXPECT_EQ(city.control->count<wire::AskTask>(), 0u) << "never twice";
  EXPECT_EQ(city.control->all<wire::Load>().back().received, 30u);
}

TEST(Query, WithoutControlItKeepsTheExcessUpToItsQueueThenSaysBusy) {
  Busy busy(false);
  City& city = busy.city;
  std::vector<wire::Task> tasks;
  for (int at = 0; at < 40; ++at) {
    tasks.push_back(
        city.task(name(at), at < 30 ? Priority::low : Priority::high, QueryKind::lookup));
    city.b1->links.talk("q1", wire::AskTask{tasks.back()});
    city.b1->links.talk("q1", wire::AskTask{tasks.back()});  // a second copy
  }
  city.town.flush("b1");
  city.town.run(std::chrono::milliseconds(500));
  size_t refused = 0;
  for (const wire::Task& task : tasks) {
    const wire::Answer* answer = city.answer_to(task.id);
    if (!answer || answer->outcome != Outcome::busy) continue;
    ++refused;
    EXPECT_EQ(task.priority, Priority::low);
    EXPECT_GT(answer->retry_after_ms, 0u);
  }
  EXPECT_GE(refused, 20u);
  city.town.run(std::chrono::seconds(3));
  for (const wire::Task& task : tasks) EXPECT_NE(city.answer_to(task.id), nullptr);
  EXPECT_GT(city.queries["q1"]->stats().duplicates, 0u);
}

TEST(Query, AnExpiredTaskIsAnswered) {
  Busy busy(true);
  City& city = busy.city;
  wire::Task scan = city.task("device!=x", Priority::low, QueryKind::count);
  scan.deadline_us = 3000;
  const wire::Answer answer = city.ask("q1", scan);
  EXPECT_EQ(answer.outcome, Outcome::expired);
  EXPECT_EQ(answer.text, "the deadline passed");
}

TEST(Query, WatchesGoOverTheStream) {
  City city(1);
  for (int device = 0; device < 600; ++device) city.global->add(online(name(device)));
  ASSERT_TRUE(city.all_ready());
  const auto rows = [&](wire::WatchKind kind) {
    Names names;
    for (const wire::WatchRows& message : city.b1->all<wire::WatchRows>())
      for (const wire::AnswerRow& row : message.rows)
        if (message.kind == kind) names.push_back(row.device.device);
    return names;
  };
  city.b1->links.stream("q1", wire::WatchOpen{7, {}, {}, {}});
  city.town.flush("b1");
  city.town.run(std::chrono::milliseconds(50));
  EXPECT_LE(rows(wire::WatchKind::present).size(), 256u) << "one page unasked";
  for (int page = 0; page < 3; ++page) city.b1->links.stream("q1", wire::WatchMore{7});
  city.town.flush("b1");
  city.town.run(std::chrono::milliseconds(50));
  EXPECT_EQ(rows(wire::WatchKind::present).size(), 600u);
  EXPECT_EQ(city.b1->all<wire::WatchRows>().back().kind, wire::WatchKind::snapshot_end);
  city.global->add(offline(name(3)));
  city.town.run(std::chrono::milliseconds(50));
  EXPECT_EQ(rows(wire::WatchKind::change), (Names{name(3)}));
  EXPECT_EQ(city.b1->all<wire::WatchRows>().back().at, city.global->log.at());
  city.b1->links.stream("q1", wire::WatchClose{7});
  city.town.flush("b1");
  city.town.run(std::chrono::milliseconds(50));
  EXPECT_EQ(city.queries["q1"]->stats().watches, 0u);
}

TEST(Query, FollowsGlobalThroughItsRestart) {
  City city(1);
  city.global->add(online("tv"));
  ASSERT_TRUE(city.all_ready());
  city.town.remove("g");
  city.town.run(std::chrono::seconds(12));
  EXPECT_EQ(city.control->all<wire::Load>().back().threshold, 0u) << "behind: out of the pool";
  wire::Answer answer = city.ask("q1", city.task("tv", Priority::normal, QueryKind::lookup));
  EXPECT_EQ(answer.rows.size(), 1u) << "it answers all the same";
  EXPECT_GT(answer.lag_us, 10'000'000u);
  const Log log = city.global->log;
  const wire::NodeInfo again = testing_town::node("g", wire::Role::global, 99);
  city.global_peer =
      &city.town.add("g", std::make_unique<Peer>(again, std::vector<wire::NodeInfo>{}));
  city.global = std::make_unique<FakeGlobal>(city.town, *city.global_peer);
  city.global->log = log;
  city.global->log.era = 2;
  city.global->log.skip(1000);
  city.town.run_until([&] { return city.global->resumes == 1; });
  city.global->add(offline("tv"));
  city.town.run(std::chrono::milliseconds(50));
  answer = city.ask("q1", city.task("tv", Priority::normal, QueryKind::lookup));
  EXPECT_EQ(answer.rows.at(0).status, wire::Status::offline);
  EXPECT_EQ(answer.as_of, city.global->log.at());
  EXPECT_EQ(city.queries["q1"]->stats().snapshots, 1u);
}

TEST(Query, WithoutAMapItHoldsEverythingAfterAWhile) {
  City city(1, {}, false);
  city.global->add(online("tv"));
  const Instant begin = city.town.now().mono;
  ASSERT_TRUE(city.all_ready());
  EXPECT_GE(city.town.now().mono - begin, Options{}.map_wait);
}

// ---- three servers, each with two thirds of the slots
// -----------------------------------------------

struct Three : ::testing::Test {
  Three() : city(3) {
    city.global->add(wire::UserRow{"ann", {{"room", "kitchen"}}});
    for (int device = 0; device < 300; ++device) city.global->add(online(name(device)));
    EXPECT_TRUE(city.all_ready());
    city.town.run(std::chrono::seconds(1));  // they know each other
  }
  City city;
};

TEST_F(Three, HoldTwoThirdsEachAndAnswerTogether) {
  for (const auto& [name, query] : city.queries) {
    EXPECT_GT(query->stats().devices, 150u);
    EXPECT_LT(query->stats().devices, 250u);
  }
  for (const char* server : {"q1", "q2", "q3"}) {
    const wire::Answer count =
        city.ask(server, city.task("attr.room=kitchen", Priority::normal, QueryKind::count));
    EXPECT_EQ(count.outcome, Outcome::ok);
    EXPECT_EQ(count.count, 300u);
    EXPECT_EQ(count.answered, slot_count);
    EXPECT_EQ(count.asked, slot_count);
    EXPECT_EQ(count.as_of, city.global->log.at());
    EXPECT_EQ(count.server, server);
    wire::Task batch = city.task("", Priority::normal, QueryKind::lookup);
    batch.query.devices.clear();
    for (const int device : {250, 3, 77, 120}) batch.query.devices.push_back(name(device));
    EXPECT_EQ(City::devices(city.ask(server, batch)), batch.query.devices) << "as they were asked";
  }
}

TEST_F(Three, CursorsSkipNothing) {
  Names all;
  std::string after;
  for (int page = 0; page < 100; ++page) {
    wire::Task list = city.task("");
    list.query.limit = 7;
    list.query.after = after;
    const wire::Answer answer = city.ask("q2", list);
    EXPECT_LE(answer.rows.size(), 7u);
    for (const std::string& device : City::devices(answer)) all.push_back(device);
    after = answer.next;
    if (after.empty()) break;
  }
  Names expected;
  for (int device = 0; device < 300; ++device) expected.push_back(name(device));
  EXPECT_EQ(all, expected);
}

TEST_F(Three, AnotherHolderStandsInForOneThatIsGone) {
  city.town.remove("q3");
  city.queries.erase("q3");
  wire::Answer answer = city.ask("q1", city.task("", Priority::normal, QueryKind::count));
  EXPECT_EQ(answer.count, 300u)
      << "asked again elsewhere, at the latest when q3 was seen to be down";
  EXPECT_EQ(answer.answered, slot_count);
  city.town.remove("q2");
  city.queries.erase("q2");
  wire::Task alone = city.task("", Priority::normal, QueryKind::count);
  alone.deadline_us = 10'000'000;
  answer = city.ask("q1", alone);
  EXPECT_EQ(answer.outcome, Outcome::ok);
  EXPECT_LT(answer.answered, answer.asked) << "k of n";
  EXPECT_EQ(answer.count, city.queries["q1"]->stats().devices);
}

TEST_F(Three, APartIsNotSharedOutAgain) {
  wire::Task part = city.task("", Priority::normal, QueryKind::count);
  part.query.slots = to_list(all_slots());
  const wire::Answer answer = city.ask("q1", part);
  EXPECT_EQ(answer.count, city.queries["q1"]->stats().devices);
  EXPECT_LT(answer.answered, answer.asked);
  EXPECT_EQ(answer.asked, slot_count);
}

TEST_F(Three, BadQueriesOfPartsAreSaid) {
  const wire::Answer answer = city.ask("q1", city.task("status=x"));
  EXPECT_EQ(answer.outcome, Outcome::bad_query);
}

}  // namespace
}  // namespace muster::query
