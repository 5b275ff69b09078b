#include "core/net/loop.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "core/net/clock.hpp"
#include "core/net/listener.hpp"
#include "tests/core/net/client.hpp"

namespace muster::net {
namespace {

using testing::connect_to;
using testing::read_all;
using testing::write_all;

constexpr uint32_t listener_index = 7;
constexpr uint32_t socket_index = 8;

// A listener and one accepted connection on a loop.
struct World {
  World() : listener(*Listener::open("127.0.0.1:0")) {
    loop.add(listener.fd(), listener_index, {});
    client = connect_to(listener.port());
    const auto ready = loop.poll(Duration::max());
    EXPECT_EQ(ready.size(), 1u);
    EXPECT_EQ(ready[0].index, listener_index);
    Accepted accepted = listener.accept();
    EXPECT_EQ(accepted.kind, Accepted::Kind::connection);
    socket = std::move(accepted.socket);
    peer = accepted.address;
    loop.add(socket, socket_index, {});
  }

  Loop loop;
  Listener listener;
  Fd client;
  Fd socket;
  std::string peer;
};

TEST(Loop, AcceptsOnceAndThenHasNone) {
  World world;
  EXPECT_EQ(world.listener.accept().kind, Accepted::Kind::none);
  EXPECT_TRUE(world.loop.poll(Duration::zero()).empty());
  EXPECT_EQ(world.peer, local_address(world.client));
  EXPECT_EQ(local_address(world.socket), world.listener.address());
}

TEST(Loop, IsLevelTriggeredUntilAllIsRead) {
  World world;
  write_all(world.client, "abcdef");
  char buffer[4];
  for (const size_t expected : {4u, 2u}) {
    const auto ready = world.loop.poll(Duration::max());
    ASSERT_EQ(ready.size(), 1u);
    EXPECT_EQ(ready[0].index, socket_index);
    EXPECT_TRUE(ready[0].readable);
    EXPECT_FALSE(ready[0].writable);
    const IoResult got = receive(world.socket, buffer, sizeof buffer);
    EXPECT_EQ(got.status, IoStatus::ok);
    EXPECT_EQ(got.bytes, expected);
  }
  EXPECT_TRUE(world.loop.poll(Duration::zero()).empty());
  EXPECT_EQ(receive(world.socket, buffer, sizeof buffer).status, IoStatus::would_block);
}

TEST(Loop, ReportsWritableOnlyWhenAsked) {
  World world;
  EXPECT_TRUE(world.loop.poll(Duration::zero()).empty());
  world.loop.modify(world.socket, socket_index, {.read = true, .write = true});
  const auto ready = world.loop.poll(Duration::max());
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_TRUE(ready[0].writable);
  EXPECT_FALSE(ready[0].readable);
  world.loop.modify(world.socket, socket_index, {.read = true, .write = false});
  EXPECT_TRUE(world.loop.poll(Duration::zero()).empty());
}

TEST(Loop, TellsAnOrderlyEndFromABrokenConnection) {
  World world;
  world.client.reset();
  ASSERT_EQ(world.loop.poll(Duration::max()).size(), 1u);
  char buffer[4];
  EXPECT_EQ(receive(world.socket, buffer, sizeof buffer).status, IoStatus::closed);

  World broken;
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(broken.client.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  broken.client.reset();
  const auto ready = broken.loop.poll(Duration::max());
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_TRUE(ready[0].hangup);
  EXPECT_EQ(receive(broken.socket, buffer, sizeof buffer).status, IoStatus::failed);
}

TEST(Loop, ARemovedSocketIsSilentAndMayMoveToAnotherLoop) {
  World world;
  write_all(world.client, "x");
  world.loop.remove(world.socket);
  EXPECT_TRUE(world.loop.poll(Duration::zero()).empty());
  Loop other;
  other.add(world.socket, 1, {});
  ASSERT_EQ(other.poll(Duration::max()).size(), 1u);
}

TEST(Loop, AWakeEndsASleepAndIsNotInTheList) {
  Loop loop;
  std::thread waking([&loop] { loop.waker().wake(); });
  EXPECT_TRUE(loop.poll(Duration::max()).empty());
  waking.join();
  loop.waker().wake();
  loop.waker().wake();
  EXPECT_TRUE(loop.poll(Duration::max()).empty());
}

TEST(Send, GathersPartsInOrder) {
  World world;
  const BytesView parts[] = {"one", "", "two", "three"};
  const IoResult sent = send(world.socket, parts);
  EXPECT_EQ(sent.status, IoStatus::ok);
  EXPECT_EQ(sent.bytes, 11u);
  world.socket.reset();
  EXPECT_EQ(read_all(world.client), "onetwothree");
}

TEST(Send, TakesAtMostTheLimitOfParts) {
  World world;
  const std::vector<BytesView> parts(gather_limit + 5, "x");
  EXPECT_EQ(send(world.socket, parts).bytes, gather_limit);
}

TEST(Send, SaysWouldBlockWhenTheReaderIsSlow) {
  World world;
  const std::string block(1 << 20, 'x');
  IoResult sent;
  do {
    sent = send(world.socket, block);
  } while (sent.status == IoStatus::ok);
  EXPECT_EQ(sent.status, IoStatus::would_block);
}

TEST(Clock, RoundsTimeoutsUpAndNeverEndsNever) {
  using std::chrono::microseconds;
  EXPECT_EQ(wait_ms(Duration::max()), -1);
  EXPECT_EQ(wait_ms(microseconds(-5)), 0);
  EXPECT_EQ(wait_ms(microseconds(0)), 0);
  EXPECT_EQ(wait_ms(microseconds(1)), 1);
  EXPECT_EQ(wait_ms(microseconds(2000)), 2);
  EXPECT_EQ(until(never, Instant{}), Duration::max());
  EXPECT_EQ(until(Instant{microseconds(5)}, Instant{microseconds(9)}), Duration::zero());
  EXPECT_EQ(until(Instant{microseconds(9)}, Instant{microseconds(5)}), microseconds(4));
}

TEST(Clock, IncarnationsDiffer) {
  EXPECT_NE(random_incarnation(), Incarnation::none);
  EXPECT_NE(random_incarnation(), random_incarnation());
  const Now first = now();
  EXPECT_LE(first.mono, now().mono);
  EXPECT_GT(first.wall.ms, 1'600'000'000'000);
}

}  // namespace
}  // namespace muster::net
