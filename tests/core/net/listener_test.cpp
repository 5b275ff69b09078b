#include "core/net/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <vector>

#include "core/net/address.hpp"
#include "core/net/loop.hpp"
#include "tests/core/net/client.hpp"

namespace muster::net {
namespace {

using testing::connect_to;
using testing::read_all;

TEST(Address, ReadsWhatPeopleWrite) {
  for (const char* text : {"127.0.0.1:1883", "localhost:0", "[::1]:65535", "*:1883"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(to_string(*parse_address(":1883")), "*:1883");
  for (const char* text : {"", "1883", "host", "host:", "host:x", "host:1x", "host:65536", "::1:5",
                           "[::1:5", "host:-1"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error(), std::string(text) + ": not an address (host:port)");
  }
}

TEST(Address, KnowsLoopback) {
  for (const char* host : {"localhost", "127.0.0.1", "127.9.9.9", "::1"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "128.0.0.1", "::", "example.org", "127.0.0.1.org"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Listener, AFreePortIsReadable) {
  const auto listener = Listener::open("127.0.0.1:0");
  ASSERT_TRUE(listener);
  EXPECT_NE(listener->port(), 0);
  EXPECT_EQ(listener->address(), "127.0.0.1:" + std::to_string(listener->port()));
}

TEST(Listener, SaysInOneLineWhyItCannotOpen) {
  const auto listener = Listener::open("127.0.0.1:0");
  ASSERT_TRUE(listener);
  const auto second = Listener::open(listener->address());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), listener->address() + ": address already in use");

  EXPECT_EQ(Listener::open("192.0.2.1:0").error(), "192.0.2.1:0: cannot assign requested address");
  EXPECT_EQ(Listener::open("no host:1").error(), "no host:1: unknown host");
  EXPECT_EQ(Listener::open("1883").error(), "1883: not an address (host:port)");
}

TEST(Listener, SeveralMayShareAPortWhenAsked) {
  const auto first = Listener::open("127.0.0.1:0", {.shared_port = true});
  ASSERT_TRUE(first);
  const auto second = Listener::open(first->address(), {.shared_port = true});
  EXPECT_TRUE(second) << second.error();
}

TEST(Listener, AcceptedSocketsDoNotBlockAndDoNotDelay) {
  auto listener = Listener::open("127.0.0.1:0");
  const Fd client = connect_to(listener->port());
  const Accepted accepted = listener->accept();
  ASSERT_EQ(accepted.kind, Accepted::Kind::connection);
  int value = 0;
  socklen_t size = sizeof value;
  getsockopt(accepted.socket.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size);
  EXPECT_NE(value, 0);
  char byte = 0;
  EXPECT_EQ(receive(accepted.socket, &byte, 1).status, IoStatus::would_block);
}

// Out of descriptors: the connection is turned away, the loop does not spin on it.
TEST(Listener, TurnsConnectionsAwayWhenDescriptorsRunOut) {
  auto listener = Listener::open("127.0.0.1:0");
  const Fd client = connect_to(listener->port());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const Fd highest(dup(client.get()));
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(highest.get()) + 1;
  setrlimit(RLIMIT_NOFILE, &tight);
  const Accepted accepted = listener->accept();
  const Accepted next = listener->accept();
  setrlimit(RLIMIT_NOFILE, &before);

  EXPECT_EQ(accepted.kind, Accepted::Kind::refused);
  EXPECT_EQ(next.kind, Accepted::Kind::none);
  EXPECT_EQ(read_all(client), "");

  const Fd later = connect_to(listener->port());
  EXPECT_EQ(listener->accept().kind, Accepted::Kind::connection);
}

}  // namespace
}  // namespace muster::net
