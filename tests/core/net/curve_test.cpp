// The cluster's key: its file, and who gets in with it.

#include "core/net/curve.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zmq.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/core/net/links.hpp"

namespace muster::net {
namespace {

using testing::Node;
using testing::serve_until;

constexpr LinkChannel talk = LinkChannel::talk;

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/muster-keys-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

TEST(Keys, AFileKeepsThemForItsOwnerAlone) {
  const Folder folder;
  const CurveKeys keys = make_curve_keys();
  ASSERT_TRUE(save_keys(folder.file("key"), keys));
  struct stat status {};
  ASSERT_EQ(stat(folder.file("key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  const auto loaded = load_keys(folder.file("key"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->public_key, keys.public_key);
  EXPECT_EQ(loaded->secret_key, keys.secret_key);
}

TEST(Keys, AnExistingFileIsNotOverwritten) {
  const Folder folder;
  ASSERT_TRUE(save_keys(folder.file("key"), make_curve_keys()));
  const auto again = save_keys(folder.file("key"), make_curve_keys());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), folder.file("key") + ": File exists");
}

TEST(Keys, AFileThatOthersMayReadIsRefused) {
  const Folder folder;
  ASSERT_TRUE(save_keys(folder.file("key"), make_curve_keys()));
  ASSERT_EQ(chmod(folder.file("key").c_str(), 0640), 0);
  const auto loaded = load_keys(folder.file("key"));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error(),
            folder.file("key") + ": others than its owner may read the cluster's key");
}

TEST(Keys, WhatIsNoKeyFileIsToldInOneLine) {
  const Folder folder;
  EXPECT_EQ(load_keys(folder.file("none")).error(), folder.file("none") + ": cannot be read");
  const CurveKeys one = make_curve_keys();
  const CurveKeys other = make_curve_keys();
  std::ofstream(folder.file("mixed"))
      << "public = \"" << one.public_key << "\"\nsecret = \"" << other.secret_key << "\"\n";
  std::ofstream(folder.file("short")) << "public = \"x\"\nsecret = \"y\"\n";
  std::ofstream(folder.file("empty")) << "";
  for (const char* name : {"mixed", "short", "empty"}) {
    ASSERT_EQ(chmod(folder.file(name).c_str(), 0600), 0);
    const auto loaded = load_keys(folder.file(name));
    ASSERT_FALSE(loaded) << name;
    EXPECT_EQ(loaded.error(), folder.file(name) + ": not a key file (see `muster keys`)");
  }
}

LinkOptions on_tcp(const std::string& name) {
  return {.name = name, .talk = "tcp://127.0.0.1:*", .bulk = "tcp://127.0.0.1:*"};
}

std::string refusal(ZmqContext& context, LinkOptions options) {
  const auto opened = ZmqLink::open(context, std::move(options));
  return opened ? "opened" : opened.error();
}

TEST(Door, WithoutAKeyOnlyThisMachineIsSpokenTo) {
  ZmqContext plain;
  ZmqContext keyed(make_curve_keys());
  LinkOptions options = on_tcp("global");
  options.bulk = "tcp://0.0.0.0:*";
  EXPECT_EQ(refusal(plain, options),
            "tcp://0.0.0.0:*: not loopback, so it needs the cluster's key (muster keys)");
  EXPECT_EQ(refusal(keyed, options), "opened");
  for (const char* open :
       {"tcp://127.0.0.1:7000", "tcp://[::1]:7000", "tcp://localhost:7000", "inproc://x"}) {
    EXPECT_TRUE(plain.allows(open)) << open;
  }
  for (const char* closed : {"tcp://*:7000", "tcp://192.0.2.1:7000", "tcp://example.org:7000"}) {
    EXPECT_FALSE(plain.allows(closed)) << closed;
    EXPECT_TRUE(keyed.allows(closed)) << closed;
  }
  for (const char* wrong : {"", "ipc://x", "inproc://", "tcp://x", "127.0.0.1:7000"}) {
    EXPECT_FALSE(keyed.allows(wrong)) << wrong;
  }
}

TEST(Door, SaysWhyItCannotOpen) {
  ZmqContext context;
  Node global(context, on_tcp("global"));
  LinkOptions options = on_tcp("global");
  options.bulk = global->endpoint(LinkChannel::bulk);
  EXPECT_EQ(refusal(context, options), options.bulk + ": address already in use");
  EXPECT_EQ(refusal(context, on_tcp("a#b")),
            "\"a#b\": a node's name is 1 to 64 of a-z A-Z 0-9 . _ -");
}

TEST(Door, AnotherClustersKeyIsRefused) {
  ZmqContext ours(make_curve_keys());
  ZmqContext theirs(make_curve_keys());
  Node global(ours, on_tcp("global"));
  Node stranger(theirs, on_tcp("stranger"));
  stranger.dial(global);
  stranger->send("global", talk, "let me in");
  serve_until({&global, &stranger}, [&] { return global->counters().refused > 0; });
  EXPECT_TRUE(global.frames.empty());
}

TEST(Door, NoKeyIsRefused) {
  ZmqContext ours(make_curve_keys());
  ZmqContext plain;
  Node global(ours, on_tcp("global"));
  Node stranger(plain, on_tcp("stranger"));
  stranger.dial(global);
  serve_until({&global, &stranger}, [&] { return global->counters().refused > 0; });
  EXPECT_TRUE(global.frames.empty());
}

// Knowing whom one speaks to is not enough: the secret half must be there too.
TEST(Door, ThePublicKeyAloneIsRefused) {
  const CurveKeys keys = make_curve_keys();
  const CurveKeys own = make_curve_keys();
  ZmqContext ours(keys);
  ZmqContext theirs;
  Node global(ours, on_tcp("global"));
  ZmqSocket dealer(theirs.handle(), ZMQ_DEALER);
  dealer.set(ZMQ_ROUTING_ID, std::string("stranger#1#1"));
  dealer.set(ZMQ_CURVE_SERVERKEY, keys.public_key);
  dealer.set(ZMQ_CURVE_PUBLICKEY, own.public_key);
  dealer.set(ZMQ_CURVE_SECRETKEY, own.secret_key);
  ASSERT_EQ(dealer.connect(global->endpoint(talk)), 0);
  dealer.send(nullptr, "let me in");
  serve_until({&global}, [&] { return global->counters().refused > 0; });
  EXPECT_TRUE(global.frames.empty());

  // A friend is still welcome afterwards.
  Node broker(ours, on_tcp("broker-1"));
  broker.dial(global);
  broker->send("global", talk, "hello");
  serve_until({&global, &broker}, [&] { return !global.frames.empty(); });
  EXPECT_EQ(global.frames[0].peer, "broker-1");
}

// Something that speaks ZeroMQ but is no node.
TEST(Door, StrangeRoutingIdsAreCountedAndDropped) {
  ZmqContext context;
  Node global(context, on_tcp("global"));
  for (const char* id : {"stranger", "#1#1", "a b#1#1", "name#1#x", "name#1#"}) {
    ZmqSocket dealer(context.handle(), ZMQ_DEALER);
    dealer.set(ZMQ_ROUTING_ID, std::string(id));
    ASSERT_EQ(dealer.connect(global->endpoint(talk)), 0);
    const uint64_t before = global->counters().malformed;
    dealer.send(nullptr, "");
    dealer.send(nullptr, "words");
    serve_until({&global}, [&] { return global->counters().malformed == before + 2; });
  }
  EXPECT_TRUE(global.frames.empty());
}

}  // namespace
}  // namespace muster::net
