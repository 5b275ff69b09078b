#include "core/host/gateway.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "core/host/role.hpp"
#include "core/net/mailbox.hpp"
#include "tests/core/host/echo.hpp"

namespace muster::host {
namespace {

using testing::Asker;
using testing::Echo;
using testing::node;
using testing::QuietMind;
using testing::Ready;

std::unique_ptr<Gateway> open(net::ZmqContext& context, wire::NodeInfo self,
                              GatewayOptions options = {}) {
  auto gateway = Gateway::open(context, std::move(self), options);
  EXPECT_TRUE(gateway);
  return std::move(gateway).value();
}

TEST(Gateway, MindsTalkOverEveryTransport) {
  for (const auto& [tcp, curve] : {std::pair(false, false), {true, false}, {true, true}}) {
    net::ZmqContext context(curve ? std::optional(net::make_curve_keys()) : std::nullopt);
    Echo echo;
    auto server = open(context, node("server", tcp));
    EXPECT_EQ(server->self().talk.ends_with(":*"), false);
    server->start(echo, [] {});
    std::vector<std::unique_ptr<Asker>> askers;
    std::vector<std::unique_ptr<Gateway>> gateways;
    std::deque<Ready> answered(3);
    for (size_t i = 0; i < answered.size(); ++i) {
      askers.push_back(std::make_unique<Asker>(server->self(), 1000));
      gateways.push_back(open(context, node("asker-" + std::to_string(i), tcp)));
      gateways.back()->start(*askers.back(), answered[i].callback());
    }
    for (size_t i = 0; i < answered.size(); ++i) {
      answered[i].wait();
      gateways[i]->request_stop();
      gateways[i]->join();
      EXPECT_EQ(askers[i]->wrong(), 0u);
    }
  }
}

TEST(Gateway, SaysWhyItCannotOpen) {
  net::ZmqContext context;
  const auto server = open(context, node("server", true));
  const auto second = Gateway::open(context, server->self());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), server->self().talk + ": address already in use");
}

// Letters from another thread; each is answered before the next one is posted.
class Counting : public QuietMind {
 public:
  explicit Counting(net::Waker& waker) : box(waker) {}
  void take_letters(Now) override {
    ++turns;
    box.take(letters_);
    for (std::promise<void>& letter : letters_) {
      letter.set_value();
    }
    letters_.clear();
  }

  net::Mailbox<std::promise<void>> box;
  size_t turns = 0;

 private:
  std::vector<std::promise<void>> letters_;
};

TEST(Gateway, LettersWakeItAndNothingElseDoes) {
  net::ZmqContext context;
  auto gateway = open(context, node("server", false));
  Counting body(gateway->waker());
  gateway->start(body, [] {});
  constexpr size_t letters = 1000;
  for (size_t i = 0; i < letters; ++i) {
    std::promise<void> letter;
    std::future<void> opened = letter.get_future();
    body.box.post(std::move(letter));
    opened.wait();
  }
  gateway->request_stop();
  gateway->join();
  // One turn a letter, one more where a wake came after its letter was taken, one to stop.
  EXPECT_LE(body.turns, 2 * letters + 1);
}

// Counts down a timer and then works in slices.
class Ticking : public QuietMind {
 public:
  void start(Now now) override { wake_ = now.mono + std::chrono::milliseconds(1); }
  void tick(Now now) override {
    if (ticks < 3 && now.mono < wake_) ++early;
    wake_ = ++ticks < 3 ? now.mono + std::chrono::milliseconds(1) : never;
    if (ticks >= 3 && slices < 100) ++slices;
  }
  Instant next_wake() const override { return wake_; }
  bool has_work() const override { return ticks >= 3 && slices < 100; }
  bool ready() const override { return slices == 100; }

  size_t ticks = 0;
  size_t slices = 0;
  size_t early = 0;

 private:
  Instant wake_ = never;
};

TEST(Gateway, TicksWhenDueAndWhileThereIsWork) {
  net::ZmqContext context;
  auto gateway = open(context, node("server", false));
  Ticking body;
  Ready ready;
  gateway->start(body, ready.callback());
  ready.wait();
  gateway->request_stop();
  gateway->join();
  EXPECT_EQ(body.slices, 100u);
  EXPECT_EQ(body.early, 0u);
}

// Wants an answer to its last word before it ends.
class Polite : public Asker {
 public:
  using Asker::Asker;
  void stop(Now) override { effects_.frames.push_back({"server", wire::Channel::talk, "goodbye"}); }
  void receive(Now now, wire::InFrame frame) override {
    answered_ = frame.bytes == "echo of goodbye";
    if (!answered_) Asker::receive(now, std::move(frame));
  }
  bool stopped() const override { return answered_; }

 private:
  bool answered_ = false;
};

TEST(Gateway, AnOrderlyStopWaitsForTheLastWord) {
  net::ZmqContext context;
  Echo echo;
  auto server = open(context, node("server", false));
  server->start(echo, [] {});
  Polite polite(server->self(), 1);
  auto gateway = open(context, node("polite", false), {.stop_within = std::chrono::hours(1)});
  Ready ready;
  gateway->start(polite, ready.callback());
  ready.wait();
  gateway->request_stop();
  gateway->join();
  EXPECT_TRUE(polite.stopped());
}

class Stubborn : public QuietMind {
 public:
  bool stopped() const override { return false; }
};

TEST(Gateway, AStopIsBounded) {
  net::ZmqContext context;
  Stubborn stubborn;
  auto gateway = open(context, node("server", false), {.stop_within = Duration::zero()});
  gateway->start(stubborn, [] {});
  gateway->request_stop();
  gateway->join();
}

TEST(MindRole, OwnsItsBodyAndEndsBeforeIt) {
  net::ZmqContext context;
  auto server_gateway = open(context, node("server", false));
  MindRole server(std::move(server_gateway), std::make_unique<Echo>());
  auto asker_gateway = open(context, node("asker", false));
  MindRole asker(std::move(asker_gateway), std::make_unique<Asker>(server.self(), 10));
  Ready ready;
  asker.start(ready.callback());  // on inproc a dialler may come first
  server.start([] {});
  ready.wait();
}

}  // namespace
}  // namespace muster::host
