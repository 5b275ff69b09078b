#include "core/net/linger.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "core/net/clock.hpp"
#include "core/net/listener.hpp"
#include "core/net/loop.hpp"
#include "tests/core/net/client.hpp"

namespace muster::net {
namespace {

using testing::connect_to;
using testing::read_all;
using testing::write_all;

constexpr Instant start{std::chrono::seconds(100)};

struct World {
  World() : listener(*Listener::open("127.0.0.1:0")) {}

  // Both ends of one connection.
  Fd accept(Fd& client) {
    client = connect_to(listener.port());
    Accepted accepted = listener.accept();
    EXPECT_EQ(accepted.kind, Accepted::Kind::connection);
    return std::move(accepted.socket);
  }

  Listener listener;
};

// Serves until all are closed: no time passes, so that patience plays no part.
void serve_all(Linger& linger) {
  Loop loop;
  loop.add(linger.fd(), 0, {});
  while (linger.size() > 0) {
    loop.poll(Duration::max());
    linger.serve(start);
  }
}

TEST(Linger, TheLastPacketSurvivesUnreadInput) {
  World world;
  Fd client;
  Fd socket = world.accept(client);
  write_all(client, std::string(100'000, 'u'));  // nobody reads it before the close
  ASSERT_EQ(send(socket, "goodbye").status, IoStatus::ok);
  Linger linger;
  linger.close(std::move(socket), {}, start);
  std::thread peer([&client] {
    EXPECT_EQ(read_all(client), "goodbye");
    client.reset();
  });
  serve_all(linger);
  peer.join();
}

TEST(Linger, SendsTheRestFirst) {
  World world;
  Fd client;
  Fd socket = world.accept(client);
  const Bytes rest(8 << 20, 'r');  // more than the kernel takes at once
  Linger linger;
  linger.close(std::move(socket), rest, start);
  EXPECT_EQ(linger.size(), 1u);
  std::thread peer([&client, &rest] {
    EXPECT_EQ(read_all(client), rest);
    client.reset();
  });
  serve_all(linger);
  peer.join();
}

TEST(Linger, PatienceIsBounded) {
  World world;
  Fd client;
  Fd socket = world.accept(client);
  Linger linger({.patience = std::chrono::seconds(2)});
  linger.close(std::move(socket), {}, start);
  EXPECT_EQ(linger.next_wake(), start + std::chrono::seconds(2));
  linger.serve(start + std::chrono::seconds(1));
  EXPECT_EQ(linger.size(), 1u);
  linger.serve(start + std::chrono::seconds(2));
  EXPECT_EQ(linger.size(), 0u);
  EXPECT_EQ(linger.next_wake(), never);
}

TEST(Linger, APeerThatGoesOnSendingIsCutOff) {
  World world;
  Fd client;
  Fd socket = world.accept(client);
  Linger linger;
  linger.close(std::move(socket), {}, start);
  std::thread peer([&client] { write_all(client, std::string(16 * Linger::discard_limit, 'x')); });
  serve_all(linger);
  peer.join();
}

TEST(Linger, TheOldestMakesRoom) {
  World world;
  Linger linger({.capacity = 2});
  std::vector<Fd> clients(3);
  for (Fd& client : clients) {
    linger.close(world.accept(client), {}, start);
  }
  EXPECT_EQ(linger.size(), 2u);
}

}  // namespace
}  // namespace muster::net
