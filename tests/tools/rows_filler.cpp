// A broker without clients that claims many connections, so that a cluster holds as many device
// rows as a test wants. Speaks the servers' own protocol over their own links.
//   rows_filler CONTROL_PORT KEY_FILE ROWS
// Prints "filled" once global has taken every claim; keeps its lease until standard input ends.

#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

#include "core/base/incarnation.hpp"
#include "core/host/role.hpp"
#include "core/net/clock.hpp"
#include "core/net/zmq_context.hpp"
#include "core/wire/links.hpp"

namespace muster {
namespace {

constexpr Duration lease_interval = std::chrono::milliseconds(500);
constexpr uint64_t claims_a_turn = 20'000;

class Filler final : public wire::NodeMind {
 public:
  Filler(wire::NodeInfo self, wire::NodeInfo control, uint64_t rows)
      : links_(std::move(self), {}, false), control_(std::move(control)), rows_(rows) {}

  void start(Now now) override { links_.know(now, control_); }
  void receive(Now now, wire::InFrame frame) override {
    links_.receive(now, frame);
    while (wire::LinkEvent* event = links_.next_event()) handle(now, *event);
    if (std::exchange(deposed_, false)) {  // too slow on a busy machine: all again
      links_.renew(now, next_incarnation(links_.self().incarnation));
    }
  }
  void tick(Now now) override {
    links_.tick(now);
    while (wire::LinkEvent* event = links_.next_event()) handle(now, *event);
    if (now.mono >= lease_due_ && links_.up("global")) {
      links_.talk("global", wire::LeaseRequest{++lease_});
      lease_due_ = now.mono + lease_interval;
    }
    claim_some(now);
  }
  Instant next_wake() const override { return std::min(links_.next_wake(), lease_due_); }
  bool has_work() const override { return listing_ && links_.credit("global"); }
  void finish_turn(Now now) override { links_.finish_turn(now); }
  wire::Effects take_effects() override { return links_.take_effects(); }

 private:
  void handle(Now now, wire::LinkEvent& event) {
    if (const auto* up = std::get_if<wire::PeerUp>(&event)) {
      if (up->peer.role != wire::Role::global || !up->fresh) return;
      links_.stream("global", wire::ClaimsBegin{});
      claimed_ = last_ = 0;
      listing_ = true;
    } else if (const auto* acknowledged = std::get_if<wire::Acknowledged>(&event)) {
      if (acknowledged->peer != "global" || last_ == 0 || acknowledged->number < last_) return;
      last_ = 0;
      std::puts("filled");
      std::fflush(stdout);
    } else if (auto* received = std::get_if<wire::Received>(&event)) {
      if (const auto* directory = std::get_if<wire::Directory>(&received->message)) {
        for (const wire::NodeInfo& node : directory->nodes) links_.know(now, node);
      } else if (const auto* routes = std::get_if<wire::Routes>(&received->message)) {
        links_.stream(received->peer, wire::RoutesTaken{routes->number});
      } else if (std::holds_alternative<wire::Deposed>(received->message)) {
        deposed_ = true;
      }
    }
  }

  void claim_some(Now now) {
    if (!listing_) return;
    for (uint64_t i = 0; i < claims_a_turn && links_.credit("global"); ++i) {
      if (claimed_ == rows_) {
        last_ = links_.stream("global", wire::ClaimsEnd{});
        listing_ = false;
        return;
      }
      wire::Claim claim;
      claim.client_id = fmt::format("filled-{:07}", claimed_);
      claim.user = fmt::format("user-{}", claimed_ % 1000);
      claim.serial = static_cast<Serial>(++claimed_);
      claim.address = "192.0.2.1:1";
      claim.since_ms = now.wall.ms;
      links_.stream("global", claim);
    }
  }

  wire::Links links_;
  wire::NodeInfo control_;
  uint64_t rows_;
  uint64_t claimed_ = 0;
  uint64_t last_ = 0;  // stream number that ends the listing
  uint64_t lease_ = 0;
  bool listing_ = false;
  bool deposed_ = false;
  Instant lease_due_{};
};

class FillerBody final : public host::Body {
 public:
  FillerBody(wire::NodeInfo self, wire::NodeInfo control, uint64_t rows)
      : filler_(std::move(self), std::move(control), rows) {}
  wire::NodeMind& mind() override { return filler_; }

 private:
  Filler filler_;
};

int fill(const std::string& control_port, const std::string& key_file, uint64_t rows) {
  auto keys = net::load_keys(key_file);
  if (!keys) return std::fputs((keys.error() + "\n").c_str(), stderr), 1;
  net::ZmqContext context(std::move(*keys));
  auto endpoint = [](int port) { return fmt::format("tcp://127.0.0.1:{}", port); };
  int port = std::atoi(control_port.c_str());
  wire::NodeInfo control{"control", wire::Role::control, Incarnation::none, endpoint(port),
                         endpoint(port + 1)};
  wire::NodeInfo self{"filler", wire::Role::broker, net::random_incarnation(), "tcp://127.0.0.1:*",
                      "tcp://127.0.0.1:*"};
  auto gateway = host::Gateway::open(context, self);
  if (!gateway) return std::fputs((gateway.error() + "\n").c_str(), stderr), 1;
  self = (*gateway)->self();
  host::MindRole role(std::move(*gateway), std::make_unique<FillerBody>(self, control, rows));
  role.start([] {});
  while (std::getchar() != EOF) {
  }
  return 0;
}

}  // namespace
}  // namespace muster

int main(int count, char** arguments) {
  if (count != 4) return std::fputs("rows_filler CONTROL_PORT KEY_FILE ROWS\n", stderr), 2;
  return muster::fill(arguments[1], arguments[2], std::strtoull(arguments[3], nullptr, 10));
}
