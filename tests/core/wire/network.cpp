#include "tests/core/wire/network.hpp"

#include <algorithm>
#include <utility>

#include "tests/support/link_events.hpp"

namespace muster::wire::testing {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Network::Network(uint64_t seed, Handler handler) : random_(seed), handler_(std::move(handler)) {}

void Network::at(Duration delay, std::function<void()> action) {
  events_.emplace(std::pair{now_ + delay, order_++}, std::move(action));
}

void Network::start(const NodeInfo& info, bool durable, LinkOptions options) {
  Node& node = nodes_[info.name];
  node.links = std::make_unique<Links>(info, options, durable);
  node.life = ++lives_;
}

void Network::crash(const std::string& name) {
  nodes_.erase(name);
  std::vector<Wire> dead;
  for (auto& [wire, connection] : wires_) {
    const auto& [dialler, listener, channel] = wire;
    if (dialler == name) dead.push_back(wire);
    if (listener == name) break_connection(dialler, listener, channel);
  }
  for (const Wire& wire : dead) wires_.erase(wire);
}

void Network::turn(const std::string& name, const std::function<void(Links&)>& action) {
  const auto at = nodes_.find(name);
  if (at == nodes_.end()) return;
  if (action) action(*at->second.links);
  handler_(name, support::take_events(*at->second.links));
  finish(name);
}

void Network::finish(const std::string& name) {
  Links& links = *nodes_.at(name).links;
  links.finish_turn(now());
  handler_(name, support::take_events(links));  // none are expected, none may be lost
  Effects effects = links.take_effects();
  for (const Dial& dial : effects.dials) {
    for (Channel channel : {Channel::talk, Channel::bulk}) {
      const Wire wire{name, dial.name, channel};
      wires_.erase(wire);
      if (!dial.talk.empty()) open(wire);
    }
  }
  for (OutFrame& frame : effects.frames) send(name, std::move(frame));
  arm(name);
}

void Network::arm(const std::string& name) {
  Node& node = nodes_.at(name);
  const Instant wake = node.links->next_wake();
  if (wake == node.timer_at) return;
  node.timer_at = wake;
  const uint64_t timer = ++node.timer;
  if (wake == never) return;
  at(std::max(Duration::zero(), wake - now_), [this, name, life = node.life, timer] {
    const auto found = nodes_.find(name);
    if (found == nodes_.end() || found->second.life != life) return;
    if (found->second.timer != timer) return;
    found->second.timer_at = never;
    turn(name, [this](Links& links) { links.tick(now()); });
  });
}

// The dialler's side connects after a while, again and again.
void Network::open(const Wire& wire) {
  Connection& connection = wires_[wire];
  connection.number = ++lives_;
  connection.open = false;
  at(microseconds(100 + random(chance(20) ? 300'000 : 2'000)), [this, wire, n = connection.number] {
    const auto found = wires_.find(wire);
    if (found == wires_.end() || found->second.number != n) return;
    const std::string& listener = std::get<1>(wire);
    if (!running(listener)) return open(wire);
    Connection& opened = found->second;
    opened.open = true;
    opened.last_arrival.clear();
    for (auto& [to, frame] : std::exchange(opened.waiting, {})) {
      carry(opened, wire, to, std::move(frame));
    }
  });
}

void Network::break_connection(const std::string& a, const std::string& b, Channel channel) {
  for (const Wire& wire : {Wire{a, b, channel}, Wire{b, a, channel}}) {
    if (wires_.count(wire)) open(wire);
  }
}

void Network::send(const std::string& from, OutFrame frame) {
  ++frames_sent;
  bytes_sent += frame.bytes.size();
  largest_frame = std::max(largest_frame, frame.bytes.size());
  if (swallows && swallows(from, frame)) return;
  if (cut_.count({from, frame.to})) return;
  const Wire dialled{from, frame.to, frame.channel};
  const Wire accepted{frame.to, from, frame.channel};
  const std::string to = frame.to;
  InFrame in{from, frame.channel, std::move(frame.bytes)};
  if (const auto found = wires_.find(dialled); found != wires_.end()) {
    if (found->second.open) return carry(found->second, dialled, to, std::move(in));
    if (found->second.waiting.size() < 100) found->second.waiting.push_back({to, std::move(in)});
  } else if (const auto back = wires_.find(accepted); back != wires_.end() && back->second.open) {
    carry(back->second, accepted, to, std::move(in));
  }
}

void Network::carry(Connection& connection, const Wire& wire, const std::string& to,
                    InFrame frame) {
  Instant& last = connection.last_arrival[to];
  const Duration delay = microseconds(50 + random(chance(3) ? 200'000 : 1'000));
  last = std::max(last, now_ + delay);
  at(last - now_, [this, wire, to, number = connection.number, frame = std::move(frame)] {
    // After a break what was under way is lost, or comes late, in spite of the next connection.
    const auto found = wires_.find(wire);
    const bool broken = found == wires_.end() || found->second.number != number;
    if (broken && chance(60)) return;
    if (broken && chance(50)) {
      at(milliseconds(random(3'000)),
         [this, to, frame] { turn(to, [&](Links& links) { links.receive(now(), frame); }); });
      return;
    }
    turn(to, [&](Links& links) { links.receive(now(), frame); });
  });
}

void Network::run(Duration duration) {
  run_until([] { return false; }, duration);
}

bool Network::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now_ + limit;
  while (!condition()) {
    if (events_.empty() || events_.begin()->first.first > end) {
      now_ = end;
      return condition();
    }
    auto node = events_.extract(events_.begin());
    now_ = node.key().first;
    node.mapped()();
  }
  return true;
}

}  // namespace muster::wire::testing
