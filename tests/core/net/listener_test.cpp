#include "core/net/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <cerrno>
#include <latch>
#include <map>
#include <thread>
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

// While it lives, the process may have no more descriptors than it has now, or than `most`.
class Shortage {
 public:
  explicit Shortage(const Fd& any) : Shortage(static_cast<rlim_t>(Fd(dup(any.get())).get())) {}
  explicit Shortage(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit tight = before_;
    tight.rlim_cur = most;
    setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~Shortage() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Out of descriptors: the connection is turned away, the loop does not spin on it.
TEST(Listener, TurnsConnectionsAwayWhenDescriptorsRunOut) {
  auto listener = Listener::open("127.0.0.1:0");
  const Fd client = connect_to(listener->port());
  {
    const Shortage shortage(client);
    EXPECT_EQ(listener->accept().kind, Accepted::Kind::refused);
    EXPECT_EQ(listener->accept().kind, Accepted::Kind::none);
  }
  EXPECT_EQ(read_all(client), "");

  const Fd later = connect_to(listener->port());
  EXPECT_EQ(listener->accept().kind, Accepted::Kind::connection);
}

// The one descriptor in reserve serves all: no thread takes it for a connection of its own, so
// that another could not turn its clients away.
TEST(Listener, SeveralThreadsTurnConnectionsAway) {
  constexpr size_t crowd = 200;
  auto first = Listener::open("127.0.0.1:0", {.shared_port = true});
  auto second = Listener::open(first->address(), {.shared_port = true});
  std::vector<Fd> clients;
  while (clients.size() < crowd) clients.push_back(connect_to(first->port()));

  std::map<Accepted::Kind, size_t> seen[2];
  {
    std::latch together(2);
    const auto serve = [&](Listener& listener, std::map<Accepted::Kind, size_t>& kinds) {
      std::vector<Accepted> kept;
      together.arrive_and_wait();
      do {
        kept.push_back(listener.accept());
        ++kinds[kept.back().kind];
      } while (kept.back().kind != Accepted::Kind::none && kept.size() <= crowd);
    };
    const Shortage shortage(clients.front());
    std::thread other([&] { serve(*second, seen[1]); });
    serve(*first, seen[0]);
    other.join();
  }
  EXPECT_EQ(seen[0][Accepted::Kind::refused] + seen[1][Accepted::Kind::refused], crowd);
  for (auto& kinds : seen) {
    EXPECT_EQ(kinds[Accepted::Kind::connection], 0U);
    EXPECT_EQ(kinds[Accepted::Kind::stuck], 0U);
  }
}

// Not even the descriptor in reserve helps: the client waits, and comes in once there is room.
TEST(Listener, IsStuckUntilThereIsRoom) {
  auto listener = Listener::open("127.0.0.1:0");
  const Fd client = connect_to(listener->port());
  {
    const Shortage shortage(3);
    for (int i = 0; i < 3; ++i) {
      const Accepted accepted = listener->accept();
      EXPECT_EQ(accepted.kind, Accepted::Kind::stuck);
      EXPECT_EQ(accepted.error, EMFILE);
    }
  }
  EXPECT_EQ(listener->accept().kind, Accepted::Kind::connection);
  // The reserve is back, too.
  const Fd later = connect_to(listener->port());
  const Shortage shortage(later);
  EXPECT_EQ(listener->accept().kind, Accepted::Kind::refused);
}

}  // namespace
}  // namespace muster::net
