#include "tests/global/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::global::testing {

using wire::Role;

Peer::Peer(World& w, wire::NodeInfo info)
    : world(w), links(std::move(info), wire::LinkOptions{}, false) {}

uint64_t Peer::stream(wire::Message message) {
  if (auto* claim = std::get_if<wire::Claim>(&message)) {
    claim->connected_us += world.now().mono.time_since_epoch().count();
  }
  return links.stream("global", message);
}

void Peer::talk(wire::Message message) {
  links.talk("global", message);
}

World::World(Options opts) : options(std::move(opts)) {
  start_global();
}

void World::start_global() {
  auto recovered = Global::recover(store, repaired);
  ASSERT_TRUE(recovered.has_value());
  const wire::NodeInfo self{"global", Role::global, Incarnation{1'000'000 + ++lives_},
                            "inproc://global", "inproc://global-bulk"};
  global = std::make_unique<Global>(options, self, std::move(*recovered));
  global->start(now_);
}

void World::restart() {
  in_flight_.reset();
  frames_.clear();
  start_global();
}

void World::crash_power(size_t survivors) {
  store.crash_power(survivors);
  restart();
}

Peer& World::add(const std::string& name, Role role, uint64_t incarnation) {
  const wire::NodeInfo info{name, role, Incarnation{incarnation}, "inproc://" + name,
                            "inproc://" + name + "-bulk"};
  peers_[name] = std::make_unique<Peer>(*this, info);
  Peer& peer = *peers_[name];
  peer.links.know(
      now_, {"global", Role::global, Incarnation::none, "inproc://global", "inproc://global-bulk"});
  run();
  return peer;
}

void World::remove(const std::string& name) {
  peers_.erase(name);
}

void World::handle(Peer& peer) {
  while (wire::LinkEvent* event = peer.links.next_event()) {
    if (std::holds_alternative<wire::PeerUp>(*event)) peer.up = true;
    if (std::holds_alternative<wire::PeerDown>(*event)) peer.up = false;
    if (auto* e = std::get_if<wire::Acknowledged>(event)) peer.acknowledged = e->number;
    auto* e = std::get_if<wire::Received>(event);
    if (!e) continue;
    if (auto* routes = std::get_if<wire::Routes>(&e->message); routes && peer.answers_routes) {
      peer.stream(wire::RoutesTaken{routes->number});
    }
    peer.received.push_back(std::move(e->message));
  }
}

void World::finish(Peer& peer) {
  handle(peer);
  peer.links.finish_turn(now_);
  for (wire::OutFrame& frame : peer.links.take_effects().frames) {
    if (peer.cut) continue;
    frames_.emplace_back(
        frame.to, wire::InFrame{peer.links.self().name, frame.channel, std::move(frame.bytes)});
  }
}

void World::finish_global() {
  if (!global) return;
  global->finish_turn(now_);
  for (wire::OutFrame& frame : global->take_effects().frames) {
    frames_.emplace_back(frame.to, wire::InFrame{"global", frame.channel, std::move(frame.bytes)});
  }
  if (auto batch = global->take_batch()) {
    EXPECT_FALSE(in_flight_) << "one batch in flight at a time";
    in_flight_ = std::move(batch);
  }
  if (!hold_commits) commit();
}

bool World::commit() {
  if (!in_flight_) return false;
  const store::StoreBatch batch = *std::exchange(in_flight_, std::nullopt);
  EXPECT_TRUE(store.commit(batch, batch.sync).has_value());
  ++commits;
  if (on_commit) on_commit(batch);
  global->stored(now_, batch.number);
  return true;
}

bool World::turn() {
  for (auto& [name, peer] : peers_) finish(*peer);
  const uint64_t before = commits;
  finish_global();
  const auto frames = std::exchange(frames_, {});
  for (const auto& [to, frame] : frames) {
    if (to == "global") {
      if (global) global->receive(now_, frame);
      continue;
    }
    const auto found = peers_.find(to);
    if (found == peers_.end() || found->second->cut) continue;
    found->second->links.receive(now_, frame);
    handle(*found->second);
  }
  if (global && global->has_work()) global->tick(now_);
  return !frames.empty() || commits != before || (global && global->has_work());
}

void World::run() {
  for (int quiet = 0; quiet < 2; quiet = turn() ? 0 : quiet + 1) {
  }
}

void World::advance(Duration duration) {
  const Instant end = now_.mono + duration;
  while (now_.mono < end) {
    const Duration step = std::min<Duration>(end - now_.mono, std::chrono::milliseconds(100));
    now_.mono += step;
    now_.wall.ms += step.count() / 1000;
    for (auto& [name, peer] : peers_) {
      peer->links.tick(now_);
      const bool broker = peer->links.self().role == Role::broker;
      if (broker && peer->renews_lease && peer->up) peer->talk(wire::LeaseRequest{});
    }
    if (global && global->next_wake() <= now_.mono) global->tick(now_);
    run();
  }
}

wire::Claim clean_claim(const std::string& client_id, uint64_t serial) {
  wire::Claim claim;
  claim.client_id = client_id;
  claim.user = client_id;
  claim.serial = Serial{serial};
  claim.address = "10.0.0.1:5";
  claim.since_ms = static_cast<int64_t>(1'600'000'000'000 + serial);
  return claim;
}

wire::Claim persistent_claim(const std::string& client_id, uint64_t serial) {
  wire::Claim claim = clean_claim(client_id, serial);
  claim.persistent = true;
  claim.clean_start = false;
  claim.session_expiry_s = 3600;
  return claim;
}

wire::Gone gone(const std::string& client_id, uint64_t serial, wire::GoneReason reason, Term term) {
  wire::Gone gone;
  gone.client_id = client_id;
  gone.serial = Serial{serial};
  gone.reason = reason;
  gone.term = term;
  gone.at_ms = 1'650'000'000'000;
  return gone;
}

wire::Publication publication(const std::string& topic, const std::string& payload, uint8_t qos) {
  wire::Publication publication;
  publication.topic = topic;
  publication.payload = payload;
  publication.qos = qos;
  publication.publisher = "publisher";
  return publication;
}

wire::Will will(const std::string& topic, uint32_t delay_s, uint8_t qos) {
  return {publication(topic, "will of " + topic, qos), delay_s};
}

Term attach(Peer& peer, const std::string& client_id, uint64_t serial,
            const std::vector<std::string>& filters) {
  peer.stream(persistent_claim(client_id, serial));
  peer.world.run();
  const auto grant = peer.take<wire::Grant>();
  EXPECT_TRUE(grant.has_value()) << client_id;
  if (!grant) return Term::none;
  EXPECT_EQ(grant->client_id, client_id);
  if (filters.empty()) return grant->term;
  wire::SubscribeSession subscribe{client_id, grant->term, serial, {}};
  for (const std::string& filter : filters) {
    wire::Subscription subscription;
    subscription.filter = filter;
    subscription.qos = 1;
    subscribe.subscriptions.push_back(subscription);
  }
  peer.stream(subscribe);
  peer.world.run();
  EXPECT_TRUE(peer.take<wire::SubscribeDone>().has_value());
  return grant->term;
}

std::vector<std::string> payloads(const std::vector<wire::Deliver>& delivers) {
  std::vector<std::string> all;
  for (const wire::Deliver& deliver : delivers) {
    for (const wire::InboxEntry& entry : deliver.entries)
      all.emplace_back(entry.publication.payload);
  }
  return all;
}

std::vector<uint64_t> numbers(const std::vector<wire::Deliver>& delivers) {
  std::vector<uint64_t> all;
  for (const wire::Deliver& deliver : delivers) {
    for (const wire::InboxEntry& entry : deliver.entries) all.push_back(entry.number);
  }
  return all;
}

// ---- Follower --------------------------------------------------------------------------------

void Follower::ask(std::vector<uint16_t> slots) {
  ask_from(valid ? at : Position{}, std::move(slots));
}

void Follower::ask_from(Position have, std::vector<uint16_t> slots) {
  peer_.talk(wire::ReplicaAsk{++request_, have, std::move(slots)});
  peer_.world.run();
  read();
}

void Follower::read() {
  for (wire::Message& message : std::exchange(peer_.received, {})) {
    if (auto* page = std::get_if<wire::SnapshotPage>(&message)) {
      if (page->page == 0) {
        devices.clear();
        users.clear();
        brokers.clear();
        heads_.clear();
        valid = false;
      }
      for (const wire::LogEntry& entry : page->entries) apply(entry, false);
      if (!page->last) continue;
      valid = true;
      at = page->at;
      ++snapshots;
    } else if (auto* delta = std::get_if<wire::Delta>(&message)) {
      if (delta->resumed) ++resumes;
      if (delta->previous > at.number) ++gaps;
      for (const wire::LogEntry& entry : delta->entries) {
        entries.push_back(entry);
        apply(entry, true);
      }
      at = {delta->era, delta->at};
    } else if (auto* heartbeat = std::get_if<wire::LogHeartbeat>(&message)) {
      for (const auto& [slot, number] : heartbeat->slots) {
        if (heads_[slot] != number) ++gaps;
      }
      at = heartbeat->at;
    }
  }
}

void Follower::apply(const wire::LogEntry& entry, bool checked) {
  if (checked && heads_[entry.slot] != entry.previous) ++gaps;
  heads_[entry.slot] = std::max(heads_[entry.slot], entry.number);
  if (auto* device = std::get_if<wire::DeviceRow>(&entry.row)) devices[device->device] = *device;
  if (auto* erased = std::get_if<wire::DeviceErased>(&entry.row)) devices.erase(erased->device);
  if (auto* user = std::get_if<wire::UserRow>(&entry.row)) users[user->user] = *user;
  if (auto* broker = std::get_if<wire::BrokerRow>(&entry.row)) {
    brokers[broker->incarnation] = *broker;
  }
}

wire::Status Follower::status(const std::string& client_id) const {
  const auto row = devices.find(client_id);
  if (row == devices.end()) return wire::Status::offline;
  const auto broker = brokers.find(row->second.broker);
  return wire::read_status(
      row->second, broker == brokers.end() ? wire::BrokerState::dead : broker->second.state);
}

}  // namespace muster::global::testing
