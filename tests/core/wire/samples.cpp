#include "tests/core/wire/samples.hpp"

namespace muster::wire::samples {
namespace {

const Publication publication{"a/b",
                              std::string("\x00\xff\x01", 3),
                              "\x23\x00\x01",
                              2,
                              true,
                              60,
                              "tv-1",
                              1700000000123,
                              Durability::power};
const Subscription subscription{"a/+", 1, true, true, 2, 77};
const DeviceRow device{.device = "tv-1",
                       .user = "ann",
                       .broker_name = "b1",
                       .address = "10.0.0.1:99",
                       .broker = Incarnation{0xffeeddccbbaa9988},
                       .serial = Serial{9},
                       .term = Term{12},
                       .since_ms = 1700000000000,
                       .last_seen_ms = -5,
                       .keep_alive_s = 60,
                       .protocol = 5,
                       .connected = true,
                       .persistent = true,
                       .why = GoneReason::connection_lost};
const AnswerRow answer_row{device, Status::unknown, {{"room", "kitchen"}, {"x", ""}}, 1700};
const Query query{
    QueryKind::list, {"d1", "d2"}, {{"status", Compare::not_equal, "online"}}, 500, "tv-0",
    1700000000001,   {0, 1023}};
const Answer answer{{Incarnation{1}, 2},
                    Outcome::busy,
                    "later",
                    250,
                    {answer_row},
                    3,
                    "next",
                    {4, 5},
                    6,
                    "q1",
                    true,
                    7,
                    8};

std::vector<Message> sessions() {
  return {
      Claim{"tv-1", "ann", Serial{1}, Term{2}, 3'000'000, true, false, 3600, 20, 60, 5,
            "10.0.0.1:5", 1700000000000, Will{publication, 30}},
      Claim{},
      ClaimsBegin{12},
      ClaimsEnd{},
      Gone{"tv-1", Serial{1}, Term{2}, GoneReason::server_shutdown, 17, 0, true},
      Gone{},
      SubscribeSession{"tv-1", Term{2}, 3, {subscription, {}}},
      UnsubscribeSession{"tv-1", Term{2}, 3, {"a", "b/#"}},
      InboxAck{"tv-1", Term{2}, {1, 200, 70000, UINT64_MAX}, {3}},
      PublishReleased{"tv-1", Term{2}, 65535},
      InboxReleased{"tv-1", Term{2}, {3, 70000}},
      SetInfo{"ann", {{"room", "kitchen"}, {"gone", ""}}},
      GrantPage{"tv-1", Serial{1}, {subscription}},
      Grant{"tv-1", Serial{1}, Term{2}, true, {subscription}, {7, 65535}, {7}},
      Refused{"tv-1", Serial{1}, 0x97},
      Evict{"tv-1", Serial{1}, 0x98},
      SubscribeDone{"tv-1", Term{2}, 3, {0, 1, 0x80}},
      Deliver{"tv-1", Term{2}, {InboxEntry{8, true, publication, {1, 300}, true}, InboxEntry{}}},
  };
}

std::vector<Message> replicas() {
  const std::vector<AnswerRow> answers{answer_row, {}};
  return {
      LeaseRequest{1},
      LeaseGrant{1, Term{2}},
      Deposed{1234},
      ReplicaAsk{1, {2, 3}, {4, 5}},
      SnapshotPage{1, {2, 3}, 4, true, rows()},
      Delta{1, 2, true, rows(), 3, 4},
      LogHeartbeat{{1, 2}, {{3, 4}, {1024, 1ull << 40}}},
      WatchOpen{1, {{"user", Compare::prefix, "a"}}, Position{1, 2}, {3}},
      WatchOpen{},
      WatchMore{1},
      WatchClose{1},
      WatchRows{1, WatchKind::reset, {1, 2}, answers, {7}},
      AskTask{{{Incarnation{1}, 2}, "b1", Priority::urgent, 900'000, true, query}},
      TaskAnswer{answer},
      Load{1, 2, {3, 4}, {5}, 6, {7, 8}, 9},
      Directory{
          1, {{"b1", Role::broker, Incarnation{5}, "tcp://h:1", "tcp://h:2"}}, 3, {"q1"}, {0, 255}},
  };
}

}  // namespace

std::vector<LogEntry> rows() {
  return {
      {10, 9, 1023, device},
      {11, 0, 5, DeviceErased{"tv-2"}},
      {12, 3, user_slot, UserRow{"ann", {{"room", "kitchen"}}}},
      {1ull << 50, 3, broker_slot, BrokerRow{"b1", Incarnation{5}, BrokerState::dead, 17}},
  };
}

std::vector<Message> all() {
  std::vector<Message> list{Publish{publication, 9, Term{4}, 65535}, Publish{},
                            Routes{1, true, {"a", "b/#"}, {"c"}, {{"$share/g/a/+", 3, 70'000, 1}}},
                            RoutesTaken{7}};
  list.push_back(Publish{publication, 0, Term{4}, 65535, 7, "$share/g/a/+", ShareWay::passed});
  list.push_back(RoutesTaken{7, 8});
  list.push_back(Retained{RetainedKind::page, {{9, publication, Incarnation{5}, 6}, {}}, 3});
  list.push_back(RetainedSync{1, {{Incarnation{5}, 6}, {Incarnation{7}, 1ull << 40}}});
  list.push_back(RetainedSynced{1});
  const Bytes packets(
      "\x32\x06\0\x01"
      "a\0\x01x",
      8);
  list.push_back(PublishRun{packets, true, "tv-1", 1700000000000, Durability::power});
  list.push_back(DeliverRun{"tv-1", Term{2}, 70'000, true, packets});
  for (auto& message : sessions()) list.push_back(std::move(message));
  for (auto& message : replicas()) list.push_back(std::move(message));
  return list;
}

}  // namespace muster::wire::samples
