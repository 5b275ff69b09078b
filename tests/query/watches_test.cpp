#include "query/watches.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "tests/query/rows.hpp"

namespace muster::query {
namespace {

using namespace testing;
using wire::BrokerState;
using wire::Status;
using wire::WatchKind;

Options small() {
  Options options;
  options.page_rows = 3;
  options.ring_entries = 200;
  options.backlog_max = 50;
  return options;
}

struct WatchesTest : ::testing::Test {
  WatchesTest() {
    feed.begin_snapshot();
    feed.end_snapshot({log.era, 0});
    apply(broker(broker_1, BrokerState::alive));
  }

  template <class Row>
  void apply(Row row) {
    feed.apply(log.add(std::move(row)));
    feed.proven(log.at());
  }
  void open(uint64_t watch, std::vector<wire::Condition> where = {},
            std::optional<Position> resume = {}) {
    watches.open(Now{}, "b1", {watch, std::move(where), resume, {}});
  }
  void pump(int64_t budget = 1'000'000) {
    feed.pump(budget);
    watches.pump(budget, held);
  }
  void drain() {
    while (feed.has_work() || watches.has_work(held)) pump();
  }
  // What was sent since the last call, one text a message: kind, then device:status.
  std::vector<std::string> sent() {
    std::vector<std::string> texts;
    for (const wire::WatchRows& rows : out) {
      static const char* const kinds[] = {"present", "end", "change", "reset"};
      std::string text = kinds[static_cast<size_t>(rows.kind)];
      for (const wire::AnswerRow& row : rows.rows)
        text += " " + row.device.device + ":" + wire::to_string(row.status);
      texts.push_back(std::move(text));
      at = rows.at;
    }
    out.clear();
    return texts;
  }
  // To the end of the snapshot.
  void go_live(uint64_t watch) {
    for (int page = 0; page < 20; ++page) {
      watches.more("b1", watch);
      pump();
    }
    sent();
  }

  const Options options = small();
  Log log;
  Feed feed{options};
  bool credit = true;
  SlotSet held = all_slots();
  std::vector<wire::WatchRows> out;
  Position at;
  Watches watches{options, feed, [this](const std::string&) { return credit; },
                  [this](const std::string&, wire::WatchRows rows) { out.push_back(rows); }};
};

using Texts = std::vector<std::string>;

TEST_F(WatchesTest, PagesArePulledThenChangesComeOnce) {
  for (const char* device : {"a", "b", "c", "d"}) apply(online(device));
  open(1);
  pump();
  EXPECT_EQ(sent(), (Texts{"present a:online b:online c:online"})) << "the first comes unasked";
  pump();
  EXPECT_EQ(sent(), Texts{});
  EXPECT_FALSE(watches.has_work(held));
  watches.more("b1", 1);
  EXPECT_TRUE(watches.has_work(held));
  pump();
  EXPECT_EQ(sent(), (Texts{"present d:online", "end"}));
  EXPECT_EQ(at, log.at());
  apply(offline("b"));
  apply(online("e"));
  pump();
  EXPECT_EQ(sent(), (Texts{"change b:offline e:online"}));
  EXPECT_EQ(at, log.at());
  pump();
  EXPECT_EQ(sent(), Texts{});
}

TEST_F(WatchesTest, ChangesDuringTheSnapshotComeEitherInAPageOrAfterIt) {
  for (const char* device : {"a", "b", "c", "d", "e"}) apply(online(device));
  open(1);
  pump();
  sent();
  apply(offline("a"));  // behind the cursor: waits
  apply(offline("d"));  // before it: comes with its page
  pump();
  EXPECT_EQ(sent(), Texts{});
  watches.more("b1", 1);
  pump();
  EXPECT_EQ(sent(), (Texts{"present d:offline e:online", "end", "change a:offline"}));
  EXPECT_EQ(at, log.at());
}

TEST_F(WatchesTest, TheEndOfTheSnapshotIsNoPlaceToResumeFromWhileChangesWait) {
  for (const char* device : {"a", "b", "c", "d"}) apply(online(device));
  open(1);
  pump();
  const Position before = log.at();
  apply(offline("a"));
  out.clear();
  watches.more("b1", 1);
  pump();
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[1].kind, WatchKind::snapshot_end);
  EXPECT_EQ(out[1].at, before);
  EXPECT_EQ(out[2].kind, WatchKind::change);
  EXPECT_EQ(out[2].at, log.at());
}

TEST_F(WatchesTest, ARowThatNoLongerMatchesComesOnce) {
  apply(online("a"));
  apply(offline("b"));
  open(1, {{"status", wire::Compare::equal, "online"}});
  pump();
  EXPECT_EQ(sent(), (Texts{"present a:online", "end"}));
  apply(offline("a"));
  apply(offline("a", "bob"));
  apply(online("b"));
  pump();
  EXPECT_EQ(sent(), (Texts{"change a:offline b:online"}));
}

TEST_F(WatchesTest, WatchesOfOneUserOrDeviceHearOfNothingElse) {
  apply(online("a", "ann"));
  apply(online("b", "bob"));
  open(1, {{"user", wire::Compare::equal, "ann"}});
  open(2, {{"device", wire::Compare::equal, "b"}});
  pump();
  EXPECT_EQ(sent(), (Texts{"present a:online", "end", "present b:online", "end"}));
  apply(online("c", "cid"));
  pump();
  EXPECT_EQ(sent(), Texts{});
  apply(online("a", "bob"));
  pump();
  EXPECT_EQ(sent(), (Texts{"change a:online"})) << "it left ann";
  apply(offline("a", "bob"));
  apply(offline("b", "bob"));
  pump();
  EXPECT_EQ(sent(), (Texts{"change b:offline"}));
}

TEST_F(WatchesTest, ALostBrokerIsToldInPortionsAndInOrder) {
  for (int device = 0; device < 20; ++device) apply(online("d" + std::to_string(10 + device)));
  open(1);
  go_live(1);
  const Position before = log.at();
  apply(broker(broker_1, BrokerState::unreachable));
  int64_t budget = 30;
  feed.pump(budget);
  budget = 1000;
  watches.pump(budget, held);
  const size_t first = sent().size();
  EXPECT_GT(first, 0u);
  EXPECT_EQ(at, before) << "not everybody has been told";
  apply(offline("d29"));  // first what was not said yet, then its own change
  drain();
  size_t unknown = 0;
  std::vector<Status> of_last;
  open(2, {{"device", wire::Compare::equal, "d29"}}, before);
  drain();
  for (const wire::WatchRows& rows : out) {
    for (const wire::AnswerRow& row : rows.rows) {
      if (rows.watch == 1) unknown += row.status == Status::unknown;
      if (rows.watch == 2) of_last.push_back(row.status);
    }
  }
  EXPECT_EQ(of_last, (std::vector<Status>{Status::unknown, Status::offline}));
  EXPECT_EQ(out.back().at, log.at());
  apply(broker(broker_1, BrokerState::dead));
  out.clear();
  drain();
  size_t dead = 0;
  for (const wire::WatchRows& rows : out)
    for (const wire::AnswerRow& row : rows.rows) dead += row.status == Status::offline;
  EXPECT_EQ(dead, 19u) << "the one that left was told already";
  // Rows are swept afterwards: nothing that anybody could see.
  out.clear();
  apply(offline("d10", "ann", wire::GoneReason::broker_lost));
  drain();
  EXPECT_TRUE(out.empty());
}

TEST_F(WatchesTest, WithoutCreditChangesWaitAndTooManyMeanReset) {
  apply(online("a"));
  open(1);
  pump();
  sent();
  credit = false;
  apply(offline("a"));
  pump();
  EXPECT_EQ(sent(), Texts{});
  EXPECT_FALSE(watches.has_work(held)) << "nothing to do until there is credit";
  EXPECT_EQ(watches.backlog(), 1u);
  credit = true;
  watches.credit_changed();
  EXPECT_TRUE(watches.has_work(held));
  pump();
  EXPECT_EQ(sent(), (Texts{"change a:offline"}));
  credit = false;
  for (uint64_t serial = 0; serial < 60; ++serial) apply(online("a", "ann", broker_1, serial));
  EXPECT_LE(watches.backlog(), options.backlog_max);
  credit = true;
  watches.credit_changed();
  pump();
  EXPECT_EQ(sent(), (Texts{"reset", "present a:online", "end"}));
  EXPECT_EQ(watches.resets(), 1u);
}

TEST_F(WatchesTest, ResumesFromTheRingOrIsReset) {
  apply(online("a"));
  const Position early = log.at();
  apply(online("b"));
  apply(offline("a"));
  open(1, {}, early);
  pump();
  EXPECT_EQ(sent(), (Texts{"change b:online a:offline"}));
  EXPECT_EQ(at, log.at());
  open(2, {}, Position{early.era + 1, early.number});
  pump();
  EXPECT_EQ(sent()[0], "reset") << "an era that nobody knows";
  for (uint64_t serial = 0; serial < 300; ++serial) apply(online("z", "ann", broker_1, serial));
  watches.close("b1", 1);
  watches.close("b1", 2);
  open(3, {}, early);
  pump();
  EXPECT_EQ(sent(), (Texts{"reset", "present a:offline b:online z:online", "end"}));
}

TEST_F(WatchesTest, ResumesAtAServerThatIsBehind) {
  apply(online("a"));
  const Position ahead{log.at().era, log.at().number + 2};
  open(1, {}, ahead);
  pump();
  apply(offline("a"));
  apply(online("b"));
  apply(online("c"));
  pump();
  EXPECT_EQ(sent(), (Texts{"change c:online"})) << "it has the others from another server";
}

TEST_F(WatchesTest, AStateThatIsOverBeforeItIsToldResetsThoseWhoReadElsewhere) {
  apply(online("a"));
  const Position known = log.at();
  open(1, {}, known);
  open(2);
  pump();
  EXPECT_EQ(sent(), (Texts{"present a:online", "end"}));
  apply(broker(broker_2, BrokerState::unreachable));
  apply(broker(broker_1, BrokerState::unreachable));
  apply(broker(broker_2, BrokerState::alive));
  pump();
  EXPECT_EQ(sent(), (Texts{"change a:unknown", "change a:unknown"})) << "one state of each";
  apply(broker(broker_1, BrokerState::alive));
  apply(broker(broker_1, BrokerState::unreachable));
  pump();
  // The first may have read "online" at a server that was further; now it reads everything again.
  EXPECT_EQ(sent(), (Texts{"reset", "present a:unknown", "end"}));
}

TEST_F(WatchesTest, PositionsOfAnOldEraGoOnIfTheyWereBeforeItsEnd) {
  apply(online("a"));
  const Position last = log.at();
  feed.resumed(2, last.number);
  log.era = 2;
  log.skip(100);
  apply(online("b"));
  EXPECT_TRUE(feed.covers(last));
  EXPECT_FALSE(feed.covers({1, last.number + 1}));
  EXPECT_TRUE(feed.covers(log.at()));
  open(1, {}, last);
  pump();
  EXPECT_EQ(sent(), (Texts{"change b:online"}));
}

TEST_F(WatchesTest, AttributesMatterToThoseWhoAskForThem) {
  apply(online("a", "ann"));
  open(1, {{"attr.room", wire::Compare::equal, "kitchen"}});
  open(2);
  pump();
  sent();
  apply(wire::UserRow{"ann", {{"room", "kitchen"}}});
  pump();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].watch, 1u);
  EXPECT_EQ(out[0].rows.at(0).attributes.at("room"), "kitchen");
  apply(wire::UserRow{"ann", {{"room", "kitchen"}}});
  sent();
  pump();
  EXPECT_EQ(sent(), Texts{}) << "nothing new";
}

TEST_F(WatchesTest, ASnapshotOfTheReplicaResetsThem) {
  apply(online("a"));
  open(1);
  pump();
  sent();
  feed.begin_snapshot();
  feed.load(log.add(broker(broker_1, BrokerState::alive)));
  feed.load(log.add(online("b")));
  feed.load(log.add(wire::DeviceErased{"nobody"}));
  feed.end_snapshot(log.at());
  pump();
  EXPECT_EQ(sent(), (Texts{"reset", "present b:online", "end"}));
}

TEST_F(WatchesTest, BadOrTooManyWatchesAreRefused) {
  open(1, {{"nonsense", wire::Compare::equal, "x"}});
  EXPECT_EQ(sent(), (Texts{"end"}));
  EXPECT_EQ(watches.size(), 0u);
  open(2);
  open(2);
  EXPECT_EQ(watches.size(), 1u);
  watches.drop("b1");
  EXPECT_EQ(watches.size(), 0u);
  pump();
  EXPECT_EQ(sent(), Texts{});
}

TEST_F(WatchesTest, AWatchWhoseSlotsGoElsewhereIsClosed) {
  apply(online("a"));
  const auto slot = static_cast<uint16_t>(slot_of("a"));
  open(1);
  watches.open(Now{}, "b1", {2, {}, {}, {slot}});
  drain();
  EXPECT_EQ(sent(), (Texts{"present a:online", "end", "present a:online", "end"}));
  held.reset().set(slot);
  feed.drop_slots_outside(held);
  drain();
  EXPECT_EQ(sent(), (Texts{"end"}));
  EXPECT_EQ(at, (Position{}));
  EXPECT_EQ(watches.size(), 1u);
  apply(offline("a"));
  drain();
  EXPECT_EQ(sent(), (Texts{"change a:offline"}));
  open(3);
  drain();
  EXPECT_EQ(sent(), (Texts{"end"}));
  EXPECT_EQ(at, (Position{})) << "it was asked by somebody with an old map";
}

TEST_F(WatchesTest, AnErasedDeviceEndsOffline) {
  apply(online("a"));
  apply(offline("b"));
  open(1);
  pump();
  sent();
  apply(wire::DeviceErased{"a"});
  apply(wire::DeviceErased{"b"});
  pump();
  EXPECT_EQ(sent(), (Texts{"change a:offline"}));
}

// A watcher under random changes, credit, budgets, snapshots and resumptions: what it was told ends
// as what is true, and between beginnings no change of a device is told twice.
class Watcher {
 public:
  explicit Watcher(uint64_t seed) : random_(seed), filtered_(seed % 2 == 1) {
    if (filtered_) where_ = {{"status", wire::Compare::equal, "online"}};
    feed_.begin_snapshot();
    feed_.end_snapshot({log_.era, 0});
    apply(broker(broker_1, BrokerState::alive));
    apply(broker(broker_2, BrokerState::alive));
    watches_.open(Now{}, "b", {watch_, where_, {}, {}});
  }

  void run() {
    for (int turn = 0; turn < 1500; ++turn) {
      for (uint64_t changes = random_() % 4; changes > 0; --changes) change();
      credit_ = random_() % 4 != 0;
      if (random_() % 3 == 0) watches_.more("b", watch_);
      if (random_() % 200 == 0) reopen();
      if (random_() % 400 == 0) reload();
      watches_.credit_changed();
      pump(static_cast<int64_t>(random_() % 60));
    }
    credit_ = true;
    for (int turn = 0; turn < 200; ++turn) {
      watches_.more("b", watch_);
      watches_.credit_changed();
      pump(1000);
    }
    std::map<std::string, Status> truth;
    const Table& table = feed_.table();
    for (RowId id = 0; id < table.end(); ++id) {
      if (!table.alive(id)) continue;
      const Status status = table.view(id).status;
      if (!filtered_ || status == Status::online)
        truth[table.answer_row(id).device.device] = status;
    }
    if (filtered_)
      std::erase_if(told_, [](const auto& row) { return row.second != Status::online; });
    std::erase_if(told_, [&](const auto& row) { return erased_.count(row.first) > 0; });
    EXPECT_EQ(told_, truth);
    EXPECT_LE(at_, feed_.told());
  }

 private:
  template <class Row>
  void apply(Row row) {
    feed_.apply(log_.add(std::move(row)));
    feed_.proven(log_.at());
  }
  void change() {
    const std::string device = "d" + std::to_string(random_() % 60);
    const Incarnation on = random_() % 2 ? broker_1 : broker_2;
    const uint64_t what = random_() % 40;
    if (what < 20) {
      erased_.erase(device);
      apply(online(device, "u" + std::to_string(random_() % 9), on, ++serial_));
    } else if (what < 36) {
      erased_.erase(device);
      apply(offline(device));
    } else if (what < 38) {
      erased_.insert(device);
      ever_erased_.insert(device);
      apply(wire::DeviceErased{device});
    } else {
      apply(broker(on, random_() % 2 ? BrokerState::alive : BrokerState::unreachable));
    }
  }
  void pump(int64_t budget) {
    feed_.pump(budget);
    watches_.pump(budget, all_slots());
  }
  void reopen() {  // as a broker does when its server is gone
    watches_.close("b", watch_);
    ++watch_;
    std::optional<Position> resume;
    if (live_) resume = at_;
    if (!resume) told_.clear();
    live_ = resume.has_value();
    fresh_.clear();
    watches_.open(Now{}, "b", {watch_, where_, resume, {}});
  }
  void reload() {
    feed_.begin_snapshot();
    std::vector<wire::DeviceRow> rows;
    const Table& table = feed_.table();
    for (RowId id = 0; id < table.end(); ++id)
      if (table.alive(id)) rows.push_back(table.device_row(id));
    feed_.load(log_.add(broker(broker_1, BrokerState::alive)));
    feed_.load(log_.add(broker(broker_2, BrokerState::alive)));
    for (auto& row : rows) feed_.load(log_.add(std::move(row)));
    feed_.end_snapshot(log_.at());
  }
  void take(const wire::WatchRows& rows) {
    if (rows.watch != watch_) return;
    at_ = rows.at;
    if (rows.kind == WatchKind::reset) {
      told_.clear();
      fresh_.clear();
      live_ = false;
    }
    if (rows.kind == WatchKind::snapshot_end) live_ = true;
    for (const wire::AnswerRow& row : rows.rows) {
      ASSERT_EQ(rows.kind == WatchKind::change, live_);
      const std::string text = row.device.device + " " + wire::to_string(row.status) + " " +
                               std::to_string(static_cast<uint64_t>(row.device.serial)) + " " +
                               row.device.user;
      std::string& last = fresh_[row.device.device];
      // A row that is filtered in between may look the same again.
      ASSERT_TRUE(filtered_ || last != text || ever_erased_.count(row.device.device)) << text;
      last = text;
      told_[row.device.device] = row.status;
    }
  }

  std::mt19937_64 random_;
  const bool filtered_;
  const Options options_ = small();
  std::vector<wire::Condition> where_;
  Log log_;
  Feed feed_{options_};
  bool credit_ = true;
  Watches watches_{options_, feed_, [this](const std::string&) { return credit_; },
                   [this](const std::string&, const wire::WatchRows& rows) { take(rows); }};
  uint64_t watch_ = 1;
  uint64_t serial_ = 0;
  bool live_ = false;
  Position at_;
  std::map<std::string, Status> told_;
  std::map<std::string, std::string> fresh_;  // the last row told since the beginning
  std::set<std::string> erased_, ever_erased_;
};

TEST(Watches, EndWithTheTruthAndTellEachChangeOnce) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Watcher watcher(seed);
    watcher.run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace muster::query
