#include "tests/sim/network.hpp"

namespace muster::sim {

void Network::attach(const wire::NodeInfo& node, Arrive arrive) {
  nodes_[node.name] = {node, std::move(arrive), ++runs_};
}

void Network::detach(const std::string& name) {
  nodes_.erase(name);
  for (auto it = wires_.begin(); it != wires_.end();) {
    const auto& [dialler, listener, channel] = it->first;
    if (dialler != name && listener != name) {
      ++it;
      continue;
    }
    break_wire(it->first, it->second);
    // The dialler's socket died with its process; another's socket goes on trying.
    it = dialler == name ? wires_.erase(it) : std::next(it);
  }
}

void Network::dial(const std::string& from, const wire::Dial& dial) {
  context_.note("net {} dials {} {} {}", from, dial.name, dial.talk, dial.bulk);
  for (const auto channel : {wire::Channel::talk, wire::Channel::bulk}) {
    const WireKey key{from, dial.name, channel};
    const std::string& endpoint = channel == wire::Channel::talk ? dial.talk : dial.bulk;
    if (const auto it = wires_.find(key); it != wires_.end()) {
      break_wire(key, it->second);
      wires_.erase(it);
    }
    if (endpoint.empty()) continue;
    wires_[key].endpoint = endpoint;
    connect_later(key, context_.random.between(microseconds(50), milliseconds(2)));
  }
}

void Network::connect_later(const WireKey& key, Duration delay) {
  Wire& wire = wires_.at(key);
  const uint64_t attempt = ++wire.attempt;
  context_.schedule.after(delay, [this, key, attempt] {
    const auto it = wires_.find(key);
    if (it != wires_.end() && it->second.attempt == attempt && !it->second.up) try_connect(key);
  });
}

void Network::try_connect(const WireKey& key) {
  const auto& [dialler, listener, channel] = key;
  Wire& wire = wires_.at(key);
  const auto node = nodes_.find(listener);
  const bool listens = node != nodes_.end() &&
                       wire.endpoint == (channel == wire::Channel::talk ? node->second.info.talk
                                                                        : node->second.info.bulk);
  if (!listens || is_cut(dialler, listener) || is_cut(listener, dialler)) {
    return connect_later(key, context_.random.between(milliseconds(20), milliseconds(200)));
  }
  wire.up = true;
  wire.passing = std::make_shared<bool>(true);
  wire.to_dialler = {};
  wire.to_listener.last_arrival = {};
  release(dialler, listener, channel, wire, wire.to_listener);
}

void Network::break_wire(const WireKey& key, Wire& wire) {
  if (!wire.up) return;
  const auto& [dialler, listener, channel] = key;
  const bool late = context_.random.percent(context_.knobs.late_percent);
  context_.note("net {}-{}.{} breaks{}", dialler, listener, static_cast<int>(channel),
                late ? ", frames under way arrive late" : "");
  wire.up = false;
  *wire.passing = late;
  wire.to_dialler = {};
  wire.to_listener = {};
  connect_later(key, context_.random.between(milliseconds(1), milliseconds(200)));
}

Network::Wire* Network::find(const std::string& from, const std::string& to, wire::Channel channel,
                             Lane*& lane, bool& dialler) {
  auto it = wires_.find({from, to, channel});
  dialler = it != wires_.end();
  if (!dialler) it = wires_.find({to, from, channel});
  if (it == wires_.end()) return nullptr;
  lane = dialler ? &it->second.to_listener : &it->second.to_dialler;
  return &it->second;
}

void Network::send(const std::string& from, wire::OutFrame frame) {
  if (sent_) sent_(from, frame.to, frame.channel, frame.bytes);
  Lane* lane = nullptr;
  bool dialler = false;
  Wire* wire = find(from, frame.to, frame.channel, lane, dialler);
  const bool waits = wire && !wire->up && dialler && context_.knobs.keep_while_down;
  if (!wire || (!wire->up && !waits) || lane->held.size() >= held_frames_max) {
    context_.note("net {}->{}.{} {} B nowhere to go", from, frame.to,
                  static_cast<int>(frame.channel), frame.bytes.size());
    return;
  }
  if (waits || is_cut(from, frame.to) || !lane->held.empty()) {
    lane->held.push_back(std::move(frame.bytes));
    return;
  }
  pass(from, frame.to, frame.channel, *wire, *lane, std::move(frame.bytes));
}

Duration Network::delay(const std::string& from, const std::string& to) {
  const Knobs& knobs = context_.knobs;
  Duration delay = context_.random.between(knobs.link_min, knobs.link_max);
  if (context_.random.permille(knobs.link_spike_permille)) {
    delay += context_.random.between(Duration(0), knobs.link_spike);
  }
  if (const auto it = slow_.find(std::minmax(from, to)); it != slow_.end()) {
    delay += context_.random.between(it->second / 2, it->second);
  }
  return delay;
}

void Network::pass(const std::string& from, const std::string& to, wire::Channel channel,
                   Wire& wire, Lane& lane, Bytes bytes) {
  const auto node = nodes_.find(to);
  if (node == nodes_.end()) return;
  lane.last_arrival = std::max(lane.last_arrival, context_.now() + delay(from, to));
  context_.schedule.at(
      lane.last_arrival, [this, from, to, channel, passing = wire.passing, run = node->second.run,
                          bytes = std::move(bytes)]() mutable {
        const auto target = nodes_.find(to);
        if (!*passing || target == nodes_.end() || target->second.run != run) return;
        context_.note("net {}->{}.{} {}", from, to, static_cast<int>(channel), bytes.size());
        if (arrived_) arrived_(from, to, channel, bytes);
        target->second.arrive({from, channel, std::move(bytes)});
      });
}

void Network::release(const std::string& from, const std::string& to, wire::Channel channel,
                      Wire& wire, Lane& lane) {
  std::deque<Bytes> held = std::move(lane.held);
  lane.held.clear();
  for (Bytes& bytes : held) pass(from, to, channel, wire, lane, std::move(bytes));
}

void Network::cut(const std::string& from, const std::string& to) {
  context_.note("net cut {}->{}", from, to);
  cuts_.insert({from, to});
}

void Network::heal(const std::string& from, const std::string& to) {
  if (!cuts_.erase({from, to})) return;
  context_.note("net heal {}->{}", from, to);
  for (const auto channel : {wire::Channel::talk, wire::Channel::bulk}) {
    Lane* lane = nullptr;
    bool dialler = false;
    Wire* wire = find(from, to, channel, lane, dialler);
    if (!wire || !wire->up) continue;
    if (context_.random.percent(50)) {
      break_wire(dialler ? WireKey{from, to, channel} : WireKey{to, from, channel}, *wire);
    } else {
      release(from, to, channel, *wire, *lane);
    }
  }
}

void Network::heal_all() {
  while (!cuts_.empty()) {
    const auto [from, to] = *cuts_.begin();
    heal(from, to);
  }
  slow_.clear();
}

void Network::break_between(const std::string& a, const std::string& b) {
  for (auto& [key, wire] : wires_) {
    const auto& [dialler, listener, channel] = key;
    const bool between = (dialler == a && listener == b) || (dialler == b && listener == a);
    if (between && context_.random.percent(70)) break_wire(key, wire);
  }
}

void Network::slow(const std::string& a, const std::string& b, Duration extra) {
  context_.note("net slow {}-{} {}us", a, b, extra.count());
  slow_[std::minmax(a, b)] = extra;
}

}  // namespace muster::sim
