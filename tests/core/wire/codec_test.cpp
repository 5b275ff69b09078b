#include "core/wire/codec.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/wire/encoded.hpp"
#include "core/wire/forms.hpp"
#include "core/wire/items.hpp"
#include "core/wire/reader.hpp"
#include "tests/core/wire/samples.hpp"

namespace muster::wire {

struct Anything {  // converts to whatever a member wants; only asked, never done
  template <class T>
  requires(!std::is_same_v<T, BytesView>)  // or it would be a text too, from which a Slice is made
  operator T() const;
};

namespace {

Bytes encoded(const Message& message) {
  Bytes bytes;
  encode(message, bytes);
  return bytes;
}

// ---- every member of every struct is named in its Form ------------------------------------------

template <class T, class... Args>
constexpr size_t members() {
  if constexpr (requires { T{Args{}..., Anything{}}; }) {
    return members<T, Args..., Anything>();
  } else {
    return sizeof...(Args);
  }
}
struct Counter {
  size_t fields = 0;
  template <class... Fields>
  void operator()(Fields&&...) {
    fields += (!std::is_same_v<std::decay_t<Fields>, Trailing> + ... + 0);
  }
};
template <class T>
void expect_complete(size_t not_sent = 0) {
  Counter counter;
  T value;
  Form<T>::visit(counter, value);
  EXPECT_EQ(counter.fields + not_sent, members<T>()) << __PRETTY_FUNCTION__;
}
template <class... Ts>
void expect_all_complete(const std::variant<Ts...>&) {
  (expect_complete<Ts>(), ...);
  std::set<uint8_t> types{Form<Ts>::type...};
  EXPECT_EQ(types.size(), sizeof...(Ts));
  EXPECT_EQ(types.count(0), 0u);
}

TEST(Forms, NameEveryMember) {
  expect_all_complete(Message{});
  expect_all_complete(LogEntry{}.row);
  expect_complete<Position>();
  expect_complete<NodeInfo>();
  expect_complete<Publication>(2);  // the form in which it came; who holds its texts
  expect_complete<Will>();
  expect_complete<Subscription>();
  expect_complete<InboxEntry>();
  expect_complete<Condition>();
  expect_complete<Query>();
  expect_complete<AnswerRow>();
  expect_complete<TaskId>();
  expect_complete<Task>();
  expect_complete<Answer>();
  expect_complete<LogEntry>();
}

// ---- round trips
// ----------------------------------------------------------------------------------

TEST(Codec, EveryMessageComesBack) {
  std::set<size_t> seen;
  for (const Message& message : samples::all()) {
    const Bytes bytes = encoded(message);
    auto back = decode(bytes);
    ASSERT_TRUE(back) << "type " << message.index() << ": " << back.error().text;
    EXPECT_EQ(back->index(), message.index());
    EXPECT_EQ(encoded(*back), bytes) << "type " << message.index();
    seen.insert(message.index());
  }
  EXPECT_EQ(seen.size(), std::variant_size_v<Message>);
}

TEST(Codec, ValuesComeBack) {
  const Message message = samples::all()[0];
  const auto back = decode(encoded(message));
  ASSERT_TRUE(back);
  const Publication& publication = std::get<Publish>(*back).publication;
  EXPECT_EQ(publication.topic, "a/b");
  EXPECT_EQ(publication.payload, std::string("\x00\xff\x01", 3));
  EXPECT_EQ(publication.qos, 2);
  EXPECT_TRUE(publication.retain);
  EXPECT_EQ(publication.expiry_s, 60u);
  EXPECT_EQ(publication.published_ms, 1700000000123);
}

TEST(Codec, RowsComeBack) {
  for (const LogEntry& entry : samples::rows()) {
    const auto back = decode_row(encode_row(entry));
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(*back, entry);
  }
}

TEST(Codec, ADeltaOfEncodedEntriesIsTheSameDelta) {
  const Delta delta{1, 2, true, samples::rows(), 3, 4};
  std::vector<Bytes> rows;
  for (const LogEntry& entry : delta.entries) rows.push_back(encode_row(entry));
  const Delta head{1, 2, true, {}, 3, 4};
  EXPECT_EQ(encode_delta(head, {rows.begin(), rows.end()}), encoded(delta));
}

TEST(Codec, ExtremeNumbersComeBack) {
  for (int64_t ms : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    const auto back = decode(encoded(Gone{"c", Serial{UINT64_MAX}, Term{0}, {}, ms, UINT32_MAX}));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<Gone>(*back).at_ms, ms);
    EXPECT_EQ(std::get<Gone>(*back).serial, Serial{UINT64_MAX});
    EXPECT_EQ(std::get<Gone>(*back).session_expiry_s, UINT32_MAX);
  }
}

// ---- version N talks to N-1
// -----------------------------------------------------------------------

TEST(Codec, MissingTrailingFieldsKeepTheirDefaults) {
  // [30]: a LeaseRequest of a version that had no `request` yet.
  auto request = decode(std::string("\x91\x1e"));
  ASSERT_TRUE(request);
  EXPECT_EQ(std::get<LeaseRequest>(*request).request, 0u);
  // [1, ["t"]]: a Publication that ended behind its topic.
  auto publish = decode(std::string("\x92\x01\x91\xa1t"));
  ASSERT_TRUE(publish);
  EXPECT_EQ(std::get<Publish>(*publish).publication.topic, "t");
  EXPECT_EQ(std::get<Publish>(*publish).publication.expiry_s, no_expiry);
}

TEST(Codec, AdditionalFieldsAreIgnored) {
  // [30, 7, {"new": [1, 2.5, nil]}, ext]
  auto request =
      decode(std::string("\x94\x1e\x07\x81\xa3new\x93\x01\xca\x40\x20\x00\x00\xc0"
                         "\xd4\x05\x01",
                         19));
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(std::get<LeaseRequest>(*request).request, 7u);
  // Inside a nested struct, with fields of the outer one behind it: LogHeartbeat [43, [1,2,3], []].
  auto heartbeat = decode(std::string("\x93\x2b\x93\x01\x02\x03\x91\x93\x05\x06\x07"));
  ASSERT_TRUE(heartbeat) << heartbeat.error().text;
  EXPECT_EQ(std::get<LogHeartbeat>(*heartbeat).at, (Position{1, 2}));
  ASSERT_EQ(std::get<LogHeartbeat>(*heartbeat).slots.size(), 1u);
  EXPECT_EQ(std::get<LogHeartbeat>(*heartbeat).slots[0].second, 6u);
}

// ---- hostile input
// ----------------------------------------------------------------------------------

TEST(Codec, RefusesWithAReason) {
  const struct {
    std::string bytes;
    const char* reason;
  } cases[] = {
      {"", "malformed MessagePack"},
      {"\xc1", "malformed MessagePack"},
      {"\x05", "not an array of fields"},
      {"\x90", "unknown type"},
      {"\x91\x63", "unknown type"},
      {"\x91\xcd\x01\x1e", "number out of range"},
      {"\x92\x1e\xa1x", "not an unsigned number"},
      {"\x92\x1e\xff", "not an unsigned number"},
      {"\x92\x1e\x01\x01", "bytes behind the value"},
      {"\x92\x01\x05", "not an array of fields"},
      {"\x92\x01\x92\xa1t\x05", "not a string"},
      {"\x95\x0d\xa1"
       "c\x01\x01\x63",
       "number out of range"},  // GoneReason 99
      {"\x93\x11\xa1u\x91\x01", "not a map"},
      {"\x93\x17\xa1"
       "c\x01\x01",
       "bytes behind the value"},
  };
  for (const auto& c : cases) {
    const auto result = decode(c.bytes);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text, c.reason) << testing::PrintToString(c.bytes);
  }
}

TEST(Codec, ClaimedLengthsAllocateNothing) {
  for (const char* head : {"\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff",
                           "\xc6\xff\xff\xff\xff", "\xc9\xff\xff\xff\xff"}) {
    EXPECT_FALSE(decode(std::string("\x92\x02") + head));
    EXPECT_FALSE(decode(std::string(head) + "\x01"));
  }
}

TEST(Codec, NestingIsSkippedHoweverDeep) {
  const Bytes deep(1 << 20, '\x91');
  EXPECT_FALSE(decode(deep));
  EXPECT_FALSE(decode("\x93\x1e\x07" + deep));  // behind a LeaseRequest's last field, cut off
  const auto request = decode("\x93\x1e\x07" + deep + "\x01");
  ASSERT_TRUE(request) << request.error().text;
  EXPECT_EQ(std::get<LeaseRequest>(*request).request, 7u);
}

TEST(Codec, CountsAreBounded) {
  for (uint32_t extra : {0u, 1u}) {  // InboxAck [16, "", 0, [0, 0, ...]]
    Bytes numbers("\x94\x10\xa0\x00\xdd\x01\x00\x00", 8);
    numbers.push_back(static_cast<char>(extra));
    numbers.append(element_limit + extra, '\x00');
    EXPECT_EQ(decode(numbers).has_value(), extra == 0);
  }
  Bytes pairs("\x93\x11\xa0\xdf\x01\x00\x00\x01", 8);  // SetInfo [17, "", {"": "", "": "", ...}]
  pairs.append(2 * (element_limit + 1), '\xa0');
  EXPECT_FALSE(decode(pairs));
  for (uint32_t extra : {0u, 1u}) {  // Delta [42, 0, 0, false, [[], [], ...]]
    Bytes entries("\x95\x2a\x00\x00\xc2\xdd\x00\x02\x00", 9);
    entries.push_back(static_cast<char>(extra));
    entries.append(struct_limit + extra, '\x90');
    EXPECT_EQ(decode(entries).has_value(), extra == 0);
  }
  Routes routes;
  routes.added.assign(2'000'000, "");  // filters may be many
  EXPECT_TRUE(decode(encoded(routes)));
}

TEST(Codec, EveryTruncationAndEveryFlippedByteIsAnsweredSafely) {
  for (const Message& message : samples::all()) {
    const Bytes bytes = encoded(message);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(BytesView(bytes).substr(0, size)));
    }
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes wrong = bytes;
        wrong[at] = static_cast<char>(wrong[at] ^ (1 << bit));
        if (auto result = decode(wrong)) encoded(*result);
      }
    }
  }
}

TEST(Names, OfBrokerStates) {
  DeviceRow row;
  EXPECT_EQ(read_status(row, BrokerState::alive), Status::offline);
  EXPECT_EQ(read_status(row, BrokerState::unreachable), Status::offline);
  row.connected = true;
  EXPECT_EQ(read_status(row, BrokerState::alive), Status::online);
  EXPECT_EQ(read_status(row, BrokerState::unreachable), Status::unknown);
  EXPECT_EQ(read_status(row, BrokerState::dead), Status::offline);
  EXPECT_STREQ(to_string(Role::global), "global");
  EXPECT_STREQ(to_string(GoneReason::taken_over), "taken_over");
}

}  // namespace
}  // namespace muster::wire
