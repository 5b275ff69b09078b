#include "core/net/zmq_link.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/core/net/links.hpp"

namespace muster::net {
namespace {

using testing::Node;
using testing::serve_until;

constexpr LinkChannel talk = LinkChannel::talk;
constexpr LinkChannel bulk = LinkChannel::bulk;

LinkOptions on_inproc(const std::string& name) {
  return {.name = name, .talk = "inproc://" + name + "-talk", .bulk = "inproc://" + name + "-bulk"};
}
LinkOptions on_tcp(const std::string& name) {
  return {.name = name, .talk = "tcp://127.0.0.1:*", .bulk = "tcp://127.0.0.1:*"};
}

// The bytes of a frame depend on their place, so that a mixed-up piece shows.
std::string patterned(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  }
  return bytes;
}

// The same conversation on every transport.
struct Transport {
  const char* name;
  bool tcp;
  bool curve;
};
class ZmqLinkOn : public ::testing::TestWithParam<Transport> {
 protected:
  static std::optional<CurveKeys> keys() {
    return GetParam().curve ? std::optional(make_curve_keys()) : std::nullopt;
  }
  static LinkOptions options(const std::string& name) {
    return GetParam().tcp ? on_tcp(name) : on_inproc(name);
  }
  ZmqContext context{keys()};
};
INSTANTIATE_TEST_SUITE_P(All, ZmqLinkOn,
                         ::testing::Values(Transport{"inproc", false, false},
                                           Transport{"tcp", true, false},
                                           Transport{"curve", true, true}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(ZmqLinkOn, FramesGoBothWaysOnBothChannelsUnderTheNamesOfTheirSenders) {
  Node global(context, options("global"));
  Node broker(context, options("broker-1"));
  broker.dial(global);
  EXPECT_TRUE(broker->send("global", talk, "hello"));  // before anything is connected
  EXPECT_TRUE(broker->send("global", bulk, "routes"));
  serve_until({&global, &broker}, [&] { return global.frames.size() == 2; });
  for (const LinkFrame& frame : global.frames) {
    EXPECT_EQ(frame.peer, "broker-1");
    EXPECT_EQ(frame.bytes, frame.channel == talk ? "hello" : "routes");
  }
  EXPECT_TRUE(global->send("broker-1", talk, "welcome"));
  EXPECT_TRUE(global->send("broker-1", bulk, "inbox"));
  serve_until({&global, &broker}, [&] { return broker.frames.size() == 2; });
  for (const LinkFrame& frame : broker.frames) {
    EXPECT_EQ(frame.peer, "global");
    EXPECT_EQ(frame.bytes, frame.channel == talk ? "welcome" : "inbox");
  }
}

// The dialled side need not hear a word on bulk before it may speak there.
TEST_P(ZmqLinkOn, TheDialledSideMayBeTheFirstToSpeakOnBulk) {
  Node global(context, options("global"));
  Node broker(context, options("broker-1"));
  broker.dial(global);
  broker->send("global", talk, "hello");
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  EXPECT_TRUE(global->send("broker-1", bulk, "snapshot"));
  serve_until({&global, &broker}, [&] { return !broker.frames.empty(); });
  EXPECT_EQ(broker.frames[0].bytes, "snapshot");
}

TEST_P(ZmqLinkOn, KeepsTheOrderOfAChannel) {
  Node global(context, options("global"));
  Node broker(context, options("broker-1"));
  broker.dial(global);
  constexpr size_t count = 5000;
  for (size_t i = 0; i < count; ++i) {
    while (!broker->send("global", bulk, std::to_string(i))) {
      broker.serve();
      global.serve();
    }
  }
  serve_until({&global, &broker}, [&] { return global.frames.size() == count; });
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(global.frames[i].bytes, std::to_string(i));
  }
}

TEST_P(ZmqLinkOn, CarriesTheLargestFrame) {
  Node global(context, options("global"));
  Node broker(context, options("broker-1"));
  broker.dial(global);
  const std::string large = patterned(LinkOptions{}.frame_bytes);
  ASSERT_TRUE(broker->send("global", bulk, large));
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  EXPECT_TRUE(global.frames[0].bytes == large);
  ASSERT_TRUE(global->send("broker-1", bulk, large));
  serve_until({&global, &broker}, [&] { return !broker.frames.empty(); });
  EXPECT_TRUE(broker.frames[0].bytes == large);
}

TEST_P(ZmqLinkOn, AFullQueueDropsAndCounts) {
  LinkOptions narrow_global = options("global");
  LinkOptions narrow_broker = options("broker-1");
  narrow_global.bulk_frames = narrow_broker.bulk_frames = 4;
  Node global(context, narrow_global);
  Node broker(context, narrow_broker);
  broker.dial(global);
  broker->send("global", bulk, "first");
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  const std::string block(1 << 20, 'x');
  size_t sent = 0;
  while (broker->send("global", bulk, block)) {  // global is not served: its queues fill
    ++sent;
  }
  EXPECT_EQ(broker->counters().blocked, 1u);
  serve_until({&global, &broker}, [&] { return global.frames.size() == 1 + sent; });
  while (!broker->send("global", bulk, "again")) {
    broker.serve();
  }
  serve_until({&global}, [&] { return global.frames.back().bytes == "again"; });
}

TEST_P(ZmqLinkOn, ManyPeersAreToldApart) {
  Node global(context, options("global"));
  std::vector<std::unique_ptr<Node>> brokers;
  std::vector<Node*> all{&global};
  for (int i = 0; i < 8; ++i) {
    brokers.push_back(std::make_unique<Node>(context, options("broker-" + std::to_string(i))));
    brokers.back()->dial(global);
    (*brokers.back())->send("global", talk, "I am " + brokers.back()->name());
    all.push_back(brokers.back().get());
  }
  serve_until(all, [&] { return global.frames.size() == brokers.size(); });
  for (const LinkFrame& frame : global.frames) {
    EXPECT_EQ(frame.bytes, "I am " + frame.peer);
    EXPECT_TRUE(global->send(frame.peer, talk, "You are " + frame.peer));
  }
  for (auto& broker : brokers) {
    serve_until(all, [&] { return !broker->frames.empty(); });
    EXPECT_EQ(broker->frames[0].bytes, "You are " + broker->name());
  }
}

// A process that died without a word and came back under the same name.
TEST_P(ZmqLinkOn, ANewIncarnationOfTheDiallerTakesOver) {
  Node global(context, options("global"));
  LinkOptions again = options("broker-1");
  if (!GetParam().tcp) again.talk += "-2", again.bulk += "-2";
  auto first = std::make_unique<Node>(context, options("broker-1"));
  first->dial(global);
  (*first)->send("global", talk, "one");
  serve_until({&global, first.get()}, [&] { return global.frames.size() == 1; });

  Node second(context, again);
  second.dial(global);
  second->send("global", talk, "two");
  serve_until({&global, &second}, [&] { return global.frames.size() == 2; });
  global->send("broker-1", talk, "to the second");
  serve_until({&global, &second}, [&] { return !second.frames.empty(); });
  EXPECT_EQ(second.frames[0].bytes, "to the second");
  EXPECT_TRUE(first->frames.empty());
}

TEST(ZmqLink, AReturningServerIsFoundAgainAtItsAddress) {
  ZmqContext context;
  auto global = std::make_unique<Node>(context, on_tcp("global"));
  LinkOptions same = on_tcp("global");
  same.talk = (*global)->endpoint(talk);
  same.bulk = (*global)->endpoint(bulk);
  Node broker(context, on_tcp("broker-1"));
  broker.dial(*global);
  broker->send("global", talk, "one");
  serve_until({global.get(), &broker}, [&] { return !global->frames.empty(); });

  global->close(Duration::zero());
  global.reset();
  std::unique_ptr<ZmqLink> link;
  serve_until({}, [&] {  // libzmq frees a closed port from its own thread
    auto opened = ZmqLink::open(context, same);
    if (opened) link = std::move(*opened);
    return link != nullptr;
  });
  Node returned("global", std::move(link));
  // What is said while nobody is there is dropped, not kept for the next incarnation.
  serve_until({&returned, &broker}, [&] {
    broker->send("global", talk, "two");
    return !returned.frames.empty();
  });
  EXPECT_EQ(returned.frames[0].bytes, "two");
  EXPECT_TRUE(returned->send("broker-1", bulk, "here again"));
  serve_until({&returned, &broker}, [&] { return !broker.frames.empty(); });
}

TEST(ZmqLink, AHostMayBeNamed) {
  ZmqContext context;
  Node global(context,
              {.name = "global", .talk = "tcp://localhost:*", .bulk = "tcp://localhost:0"});
  for (const LinkChannel channel : {talk, bulk}) {
    EXPECT_TRUE(global->endpoint(channel).starts_with("tcp://localhost:"));
  }
  Node broker(context, on_tcp("broker-1"));
  broker.dial(global);
  broker->send("global", talk, "hello");
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
}

TEST(ZmqLink, OnInprocADiallerMayComeFirst) {
  ZmqContext context;
  Node broker(context, on_inproc("broker-1"));
  broker->dial("global", "inproc://global-talk", "inproc://global-bulk", now().mono);
  EXPECT_TRUE(broker->send("global", talk, "early"));
  Node global(context, on_inproc("global"));
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  EXPECT_EQ(global.frames[0].bytes, "early");
}

TEST(ZmqLink, SilenceAndLanesThatNeverOpenAreDialledAfresh) {
  ZmqContext context;
  Node global(context, on_inproc("global"));
  Node broker(context, on_inproc("broker-1"));
  broker.dial(global);
  broker->send("global", talk, "hello");
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  global->send("broker-1", talk, "hello");
  serve_until({&global, &broker}, [&] { return !broker.frames.empty(); });

  const Instant silent = broker->next_wake();
  broker->tick(silent - Duration(1));
  EXPECT_EQ(broker->counters().redials, 0u);
  broker->tick(silent);
  EXPECT_EQ(broker->counters().redials, 1u);
  EXPECT_EQ(broker->next_wake(), silent + LinkOptions{}.redial_after);
  // The new connection takes over from the old one.
  broker->send("global", talk, "anew");
  serve_until({&global, &broker}, [&] { return global.frames.size() == 2; });
  global->send("broker-1", talk, "heard");
  serve_until({&global, &broker}, [&] { return broker.frames.size() == 2; });
}

TEST(ZmqLink, APeerThatIsLetGoIsUnknown) {
  ZmqContext context;
  Node global(context, on_inproc("global"));
  Node broker(context, on_inproc("broker-1"));
  EXPECT_FALSE(broker->send("global", talk, "x"));
  broker.dial(global);
  EXPECT_TRUE(broker->send("global", talk, "x"));
  broker->dial("global", "", "", now().mono);
  EXPECT_FALSE(broker->send("global", talk, "x"));
  EXPECT_EQ(broker->counters().unknown, 2u);
  EXPECT_EQ(broker->next_wake(), never);
}

TEST(ZmqLink, ParkedFramesAreBounded) {
  ZmqContext context;
  LinkOptions options = on_tcp("broker-1");
  options.parked_frames = 2;
  options.parked_bytes = 10;
  Node broker(context, options);
  broker->dial("global", "tcp://127.0.0.1:1", "tcp://127.0.0.1:1", now().mono);
  EXPECT_FALSE(broker->send("global", talk, "eleven byte"));
  EXPECT_TRUE(broker->send("global", talk, "a"));
  EXPECT_TRUE(broker->send("global", talk, "b"));
  EXPECT_FALSE(broker->send("global", talk, "c"));
  EXPECT_EQ(broker->counters().blocked, 2u);
}

TEST(ZmqLink, LastWordsLeaveWithinTheDrain) {
  ZmqContext there;
  Node global(there, on_tcp("global"));
  {
    ZmqContext here;
    Node broker(here, on_tcp("broker-1"));
    broker.dial(global);
    // Once this has come, the lane is open: more frames are on their way than may be parked.
    broker->send("global", bulk, "hello");
    serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(broker->send("global", bulk, std::string(10'000, 'x')));
    }
    broker.close(std::chrono::seconds(10));
  }
  serve_until({&global}, [&] { return global.frames.size() == 101; });
}

}  // namespace
}  // namespace muster::net
