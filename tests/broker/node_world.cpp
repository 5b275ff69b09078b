#include "tests/broker/node_world.hpp"

#include <algorithm>
#include <utility>

#include "tests/support/link_events.hpp"

namespace muster::broker::node_testing {

// ---- TestBroker ---------------------------------------------------------------------------------

TestBroker::TestBroker(World& world, const std::string& name, Options options)
    : letters(options.shards), world_(world), name_(name), route_numbers_(options.shards) {
  wire::NodeInfo self{name, wire::Role::broker, static_cast<Incarnation>(++world.incarnations_),
                      "inproc://" + name + "-talk", "inproc://" + name + "-bulk"};
  world.known_[name] = self;
  node_ = std::make_unique<Node>(std::move(options), self);
}

void TestBroker::send(uint16_t shard, Letter letter) {
  Parcel parcel;
  parcel.from = static_cast<ShardIndex>(shard);
  parcel.letters.push_back(std::move(letter));
  node_->open(world_.now(), std::move(parcel));
  world_.finish(name_);
}

void TestBroker::want(uint16_t shard, const std::string& filter, bool wanted) {
  RouteChange change;
  change.number = ++route_numbers_[shard];
  (wanted ? change.added : change.removed).push_back(filter);
  send(shard, change);
}

void TestBroker::publish(uint16_t shard, const std::string& topic, uint64_t peers, uint64_t token,
                         const std::string& with) {
  PublicationView view;
  view.topic = topic;
  view.payload = "payload";
  view.peers = peers;
  view.token = token;
  hand_over(shard, view, with);
}

void TestBroker::publish_retained(uint16_t shard, const std::string& topic, uint64_t token) {
  PublicationView view;
  view.topic = topic;
  view.payload = "payload";
  view.peers = 1;  // global
  view.token = token;
  view.retain = true;
  hand_over(shard, view, {});
}

void TestBroker::hand_over(uint16_t shard, PublicationView view, const std::string& with) {
  view.qos = view.token == 0 ? mqtt::Qos::at_most_once : mqtt::Qos::at_least_once;
  Parcel parcel;
  parcel.from = static_cast<ShardIndex>(shard);
  parcel.publications.append(view);
  if (!with.empty()) parcel.letters.push_back(RouteChange{++route_numbers_[shard], {with}, {}});
  node_->open(world_.now(), std::move(parcel));
  world_.finish(name_);
}

void TestBroker::join(uint16_t shard, const wire::GroupRoute& group) {
  send(shard, RouteChange{++route_numbers_[shard], {}, {}, {group}});
}

void TestBroker::publish_shared(uint16_t shard, const std::string& topic, const std::string& share,
                                uint64_t peers, uint64_t token) {
  PublicationView view{topic, "payload", {}, {}, mqtt::Qos::at_least_once};
  view.peers = peers;
  view.token = token;
  view.share = share;
  view.way = wire::ShareWay::one;
  Parcel parcel;
  parcel.from = static_cast<ShardIndex>(shard);
  parcel.publications.append(view);
  node_->open(world_.now(), std::move(parcel));
  world_.finish(name_);
}

void TestBroker::collect(ShardIndex shard, Parcel parcel) {
  const auto index = static_cast<uint16_t>(shard);
  for (Letter& letter : parcel.letters) {
    letters[index].push_back(letter);
    if (const auto* routes = std::get_if<PeerRoutes>(&letter); routes && see_routes) {
      send(index, PeerRoutesSeen{routes->peer, routes->number});
    } else if (const auto* lost = std::get_if<PeerLost>(&letter)) {
      send(index, PeerRoutesSeen{lost->peer, lost->number});
    } else if (const auto* list = std::get_if<ListClaims>(&letter); list && list_claims) {
      if (index == 0) {
        for (const wire::Claim& claim : claims) send(0, ForGlobal{claim});
      }
      send(index, ClaimsListed{list->round});
    }
  }
  parcel.publications.for_each(
      [&](const PublicationView& view) {
        publications.push_back({shard, std::string(view.topic), std::string(view.payload), view.qos,
                                std::string(view.share), view.door});
      },
      [&](const PublicationRun& run) {
        mqtt::for_each_plain(run.packets, run.version, [&](BytesView whole, const auto& packet) {
          publications.push_back({shard, std::string(packet.topic),
                                  std::string(packet.payload_of(whole)), run.qos,
                                  std::string(run.publisher), run.door});
        });
      });
}

std::vector<uint64_t> TestBroker::taken(uint16_t shard) const {
  std::vector<uint64_t> tokens;
  for (const Taken& letter : all<Taken>(shard)) {
    tokens.insert(tokens.end(), letter.tokens.begin(), letter.tokens.end());
  }
  return tokens;
}

uint64_t TestBroker::bound(uint16_t shard) const {
  const RoutesBound* letter = last<RoutesBound>(shard);
  return letter ? letter->number : 0;
}

int TestBroker::delivered(const std::string& topic) const {
  return static_cast<int>(std::count_if(publications.begin(), publications.end(),
                                        [&](const Delivered& it) { return it.topic == topic; }));
}

int TestBroker::bit_of(const std::string& filter) const {
  int bit = -1;
  for (const Letter& letter : letters[0]) {
    if (const auto* lost = std::get_if<PeerLost>(&letter); lost && lost->peer == bit) bit = -1;
    const auto* routes = std::get_if<PeerRoutes>(&letter);
    if (routes == nullptr) continue;
    const auto has = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), filter) != list.end();
    };
    if (routes->peer == bit && (has(routes->removed) || routes->snapshot)) bit = -1;
    if (has(routes->added)) bit = routes->peer;
  }
  return bit;
}

// ---- TestPeer -----------------------------------------------------------------------------------

TestPeer::TestPeer(World& world, wire::NodeInfo info, bool durable)
    : world_(world), info_(std::move(info)), durable_(durable) {
  links_ = std::make_unique<wire::Links>(info_, wire::LinkOptions{}, durable);
}

void TestPeer::turn(const std::function<void(wire::Links& links)>& action) {
  action(*links_);
  handle(support::take_events(*links_));
  world_.finish(info_.name);
}

void TestPeer::stream(const std::string& to, const wire::Message& message) {
  turn([&](wire::Links& links) { links.stream(to, message); });
}

void TestPeer::talk(const std::string& to, const wire::Message& message) {
  turn([&](wire::Links& links) { links.talk(to, message); });
}

void TestPeer::acknowledge_all(const std::string& from) {
  turn([&](wire::Links& links) {
    for (const wire::Received& event : received) {
      if (event.peer != from || event.number == 0) continue;
      links.acknowledge(from, event.incarnation, event.number);
    }
  });
}

void TestPeer::handle(std::vector<wire::LinkEvent> events) {
  for (const wire::LinkEvent& event : events) {
    if (const auto* it = std::get_if<wire::Received>(&event)) {
      received.push_back(*it);
      if (durable_ && store && it->number != 0) {
        links_->acknowledge(it->peer, it->incarnation, it->number);
      }
    }
    for (const Script& script : scripts) script(event);
  }
}

// ---- World --------------------------------------------------------------------------------------

World::World() {
  peer("control", wire::Role::control);
}

TestBroker& World::broker(const std::string& name, uint16_t shards, Options options) {
  options.shards = shards;
  options.control_talk = known_["control"].talk;
  options.control_bulk = known_["control"].bulk;
  auto& broker = brokers_[name];
  broker = std::make_unique<TestBroker>(*this, name, std::move(options));
  broker->node().start(now());
  finish(name);
  publish_directory();
  return *broker;
}

TestPeer& World::peer(const std::string& name, wire::Role role) {
  wire::NodeInfo info{name, role, static_cast<Incarnation>(++incarnations_),
                      "inproc://" + name + "-talk", "inproc://" + name + "-bulk"};
  known_[name] = info;
  auto& peer = peers_[name];
  peer = std::make_unique<TestPeer>(*this, info, role == wire::Role::global);
  if (role == wire::Role::control) {
    peer->scripts.push_back([this](const wire::LinkEvent& event) {
      if (std::holds_alternative<wire::PeerUp>(event)) publish_directory();
    });
  }
  publish_directory();
  return *peer;
}

void World::crash(const std::string& name) {
  brokers_.erase(name);
  peers_.erase(name);
}

void World::publish_directory() {
  if (peers_.count("control") == 0) return;
  wire::Directory directory;
  directory.version = ++directory_version_;
  directory.replicas = 0;  // no slot map: each query server holds everything
  for (const auto& [name, info] : known_) directory.nodes.push_back(info);
  wire::Links& links = *peers_.at("control")->links_;
  for (const auto& [name, info] : known_) links.talk(name, directory);
  for (auto& [name, peer] : peers_) {
    for (const auto& [other, info] : known_) peer->links_->know(now(), info);
  }
  for (const auto& [name, info] : known_) finish(name);
}

void World::finish(const std::string& name) {
  wire::Effects effects;
  if (const auto at = brokers_.find(name); at != brokers_.end()) {
    TestBroker& broker = *at->second;
    broker.node().finish_turn(now());
    effects = broker.node().take_effects();
    auto parcels = broker.node().take_parcels();
    for (auto& [shard, parcel] : parcels) broker.collect(shard, std::move(parcel));
  } else if (const auto found = peers_.find(name); found != peers_.end()) {
    found->second->links_->finish_turn(now());
    effects = found->second->links_->take_effects();
  }
  for (wire::OutFrame& frame : effects.frames) {
    if (cut_.count({name, frame.to}) || cut_.count({frame.to, name})) continue;
    frames_.emplace(std::pair{now_ + 1ms, order_++},
                    std::pair{frame.to, wire::InFrame{name, frame.channel, frame.bytes}});
  }
}

void World::deliver() {
  auto node = frames_.extract(frames_.begin());
  auto& [to, frame] = node.mapped();
  if (cut_.count({to, frame.from}) || cut_.count({frame.from, to})) return;
  if (const auto at = brokers_.find(to); at != brokers_.end()) {
    at->second->node().receive(now(), std::move(frame));
  } else if (const auto found = peers_.find(to); found != peers_.end()) {
    found->second->links_->receive(now(), frame);
    found->second->handle(support::take_events(*found->second->links_));
  }
  finish(to);
}

Instant World::next() const {
  Instant wake = frames_.empty() ? never : frames_.begin()->first.first;
  for (const auto& [name, broker] : brokers_) wake = std::min(wake, broker->node().next_wake());
  for (const auto& [name, peer] : peers_) wake = std::min(wake, peer->links_->next_wake());
  return wake;
}

void World::run(Duration duration) {
  run_until([] { return false; }, duration);
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now_ + limit;
  while (!condition()) {
    if (next() > end) {
      now_ = end;
      return condition();
    }
    now_ = std::max(now_, next());
    while (!frames_.empty() && frames_.begin()->first.first <= now_) deliver();
    std::vector<std::string> names;
    for (const auto& [name, broker] : brokers_) {
      if (broker->node().next_wake() <= now_) names.push_back(name);
    }
    for (const std::string& name : names) brokers_.at(name)->node().tick(now()), finish(name);
    for (auto& [name, peer] : peers_) {
      if (peer->links_->next_wake() > now_) continue;
      peer->links_->tick(now());
      peer->handle(support::take_events(*peer->links_));
      finish(name);
    }
  }
  return true;
}

}  // namespace muster::broker::node_testing
