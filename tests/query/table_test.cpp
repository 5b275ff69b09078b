#include "query/table.hpp"

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

struct NameOf {
  const std::vector<std::string>* names;
  std::string_view operator()(uint32_t id) const { return (*names)[id]; }
};

TEST(OrderedIndex, AgreesWithASortedSet) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::string> names;
    for (int at = 0; at < 4000; ++at) names.push_back("d" + std::to_string(random() % 1'000'000));
    std::map<std::string, uint32_t> expected;
    OrderedIndex<NameOf> index(NameOf{&names});
    for (int turn = 0; turn < 20'000; ++turn) {
      const auto id = static_cast<uint32_t>(random() % names.size());
      const auto known = expected.find(names[id]);
      if (known == expected.end()) {
        expected.emplace(names[id], id);
        index.insert(id);
      } else if (random() % 3 == 0) {
        index.erase(known->second);
        expected.erase(known);
      }
    }
    std::vector<uint32_t> in_order, wanted;
    for (auto at = index.at_or_after(""); index.valid(at); at = index.next(at))
      in_order.push_back(index.id(at));
    for (const auto& [name, id] : expected) wanted.push_back(id);
    ASSERT_EQ(in_order, wanted) << "seed " << seed;
    for (uint32_t id = 0; id < names.size(); ++id) {
      const auto known = expected.find(names[id]);
      ASSERT_EQ(index.find(names[id]), known == expected.end() ? no_id : known->second);
      const auto after = expected.upper_bound(names[id]);
      const auto place = index.after(names[id]);
      ASSERT_EQ(index.valid(place), after != expected.end());
      if (after != expected.end()) {
        ASSERT_EQ(index.id(place), after->second);
      }
    }
  }
}

TEST(OrderedIndex, FillsItsBlocksWhenNamesComeInOrder) {
  std::vector<std::string> names;
  for (int at = 0; at < 5000; ++at) names.push_back(std::to_string(100'000 + at));
  OrderedIndex<NameOf> index(NameOf{&names});
  for (uint32_t id = 0; id < names.size(); ++id) index.insert(id);
  uint32_t expected = 0;
  for (auto at = index.at_or_after(""); index.valid(at); at = index.next(at))
    EXPECT_EQ(index.id(at), expected++);
  EXPECT_EQ(expected, names.size());
}

TEST(Table, KeepsWhatARowSays) {
  Table table;
  const wire::DeviceRow row = online("tv", "ann", broker_1, 7);
  const RowId id = table.put(row, 5);
  EXPECT_EQ(table.device_row(id), row);
  EXPECT_EQ(table.slot(id), 5);
  wire::DeviceRow next = offline("tv", "bob", wire::GoneReason::keep_alive_timeout);
  next.address.clear();
  EXPECT_EQ(table.put(next, 5), id);
  EXPECT_EQ(table.device_row(id), next);
  EXPECT_EQ(table.find_user("ann"), no_id) << "nobody's devices, no attributes";
  EXPECT_EQ(table.user_count(), 1u);
  table.erase(id);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.find("tv"), no_id);
  EXPECT_EQ(table.user_count(), 0u);
}

TEST(Table, ReadsADeviceThroughItsBroker) {
  Table table;
  const RowId id = table.put(online("tv"), 1);
  EXPECT_EQ(table.view(id).status, Status::unknown) << "its broker's row has not come";
  for (const auto& [state, status] : {std::pair{BrokerState::alive, Status::online},
                                      std::pair{BrokerState::unreachable, Status::unknown},
                                      std::pair{BrokerState::dead, Status::offline}}) {
    EXPECT_TRUE(table.put_broker(broker(broker_1, state), 9));
    EXPECT_EQ(table.view(id).status, status);
    EXPECT_EQ(table.view(id).status, wire::read_status(table.device_row(id), state));
    EXPECT_FALSE(table.put_broker(broker(broker_1, state), 10)) << "nothing new";
  }
  EXPECT_EQ(table.view(id).why, wire::GoneReason::broker_lost);
  EXPECT_EQ(table.view(id).since_ms, 5000) << "since its broker was lost";
  EXPECT_EQ(table.answer_row(id).device.why, wire::GoneReason::broker_lost);
  EXPECT_TRUE(table.answer_row(id).device.connected) << "as stored";
  table.put(offline("tv"), 1);
  EXPECT_EQ(table.view(id).status, Status::offline);
  EXPECT_EQ(table.view(id).why, wire::GoneReason::disconnected);
}

TEST(Table, RemembersWhatWatchersWereTold) {
  Table table;
  table.put_broker(broker(broker_1, BrokerState::alive), 1);
  const RowId id = table.put(online("tv"), 1);
  EXPECT_FALSE(table.untold(id));
  table.put_broker(broker(broker_1, BrokerState::unreachable), 2);
  EXPECT_TRUE(table.untold(id));
  EXPECT_EQ(table.view(id, Read::told).status, Status::online);
  EXPECT_EQ(table.view(id, Read::present).status, Status::unknown);
  table.tell(id);
  EXPECT_EQ(table.view(id, Read::told).status, Status::unknown);
}

TEST(Table, SaysWhichEntryOfTheLogARowShows) {
  Table table;
  table.put_broker(broker(broker_1, BrokerState::alive), 1);
  const RowId id = table.put(online("tv"), 1, 7);
  EXPECT_EQ(table.answer_row(id).number, 7u);
  table.put_broker(broker(broker_1, BrokerState::unreachable), 9);
  EXPECT_EQ(table.answer_row(id).number, 9u);
  EXPECT_EQ(table.answer_row(id, Read::told).number, 7u);
  table.tell(id);
  EXPECT_EQ(table.answer_row(id, Read::told).number, 9u);
  table.put(offline("tv"), 1, 8);
  EXPECT_EQ(table.answer_row(id).number, 8u) << "its broker does not matter any more";
}

TEST(Table, JoinsAttributesOfUsersAndChainsTheirDevices) {
  Table table;
  table.put_user({"ann", {{"room", "kitchen"}}});
  const RowId tv = table.put(online("tv", "ann"), 1);
  const RowId radio = table.put(online("radio", "ann"), 1);
  table.put(online("x", "bob"), 1);
  EXPECT_EQ(table.answer_row(tv).attributes.at("room"), "kitchen");
  const UserId ann = table.find_user("ann");
  EXPECT_EQ(table.devices_of(ann), 2u);
  std::set<RowId> chain;
  for (RowId id = table.first_of(ann); id != no_id; id = table.next_of_user(id)) chain.insert(id);
  EXPECT_EQ(chain, (std::set<RowId>{tv, radio}));
  table.erase(tv);
  table.erase(radio);
  EXPECT_NE(table.find_user("ann"), no_id) << "attributes stay";
  table.put_user({"ann", {}});
  EXPECT_EQ(table.find_user("ann"), no_id);
}

TEST(Table, ASnapshotReplacesWhatItDoesNotName) {
  Table table;
  table.put_broker(broker(broker_1, BrokerState::alive), 1);
  table.put_user({"gone", {{"a", "b"}}});
  table.put(online("old"), 1);
  table.put(online("kept"), 1);
  table.begin_replace();
  table.put(online("half"), 1);
  table.begin_replace();  // the first attempt was not finished
  table.put(online("kept"), 1);
  table.put(online("new"), 1);
  table.put_broker(broker(broker_2, BrokerState::alive), 2);
  table.end_replace();
  EXPECT_EQ(table.size(), 2u);
  EXPECT_NE(table.find("kept"), no_id);
  EXPECT_NE(table.find("new"), no_id);
  EXPECT_EQ(table.find_user("gone"), no_id);
  EXPECT_EQ(table.view(table.find("kept")).status, Status::unknown) << "its broker is not named";
  EXPECT_FALSE(table.untold(table.find("kept")));
}

TEST(Table, AgreesWithAMapUnderRandomChanges) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    std::mt19937_64 random(seed);
    Table table;
    std::map<std::string, wire::DeviceRow> expected;
    for (int turn = 0; turn < 20'000; ++turn) {
      const std::string device = "d" + std::to_string(random() % 700);
      const std::string user = "u" + std::to_string(random() % 40);
      if (random() % 4 == 0) {
        const RowId id = table.find(device);
        ASSERT_EQ(id != no_id, expected.erase(device) == 1);
        if (id != no_id) table.erase(id);
      } else {
        const auto row = online(device, user, random() % 2 ? broker_1 : broker_2, random() % 99);
        table.put(row, 3);
        expected[device] = row;
      }
    }
    ASSERT_EQ(table.size(), expected.size());
    std::map<std::string, uint32_t> devices;
    for (const auto& [device, row] : expected) {
      ASSERT_EQ(table.device_row(table.find(device)), row);
      ++devices[row.user];
    }
    ASSERT_EQ(table.user_count(), devices.size());
    for (const auto& [user, count] : devices)
      ASSERT_EQ(table.devices_of(table.find_user(user)), count);
  }
}

}  // namespace
}  // namespace muster::query
