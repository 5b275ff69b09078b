#include "global/brokers.hpp"

#include <algorithm>

#include "core/wire/codec.hpp"
#include "global/keys.hpp"

namespace muster::global {

using wire::BrokerState;

bool Brokers::load(BytesView value) {
  auto entry = wire::decode_row(value);
  if (!entry || !std::holds_alternative<wire::BrokerRow>(entry->row)) return false;
  auto& row = std::get<wire::BrokerRow>(entry->row);
  Broker& broker = brokers_[row.incarnation];
  broker.row = std::move(row);
  broker.number = entry->number;
  if (broker.dead()) ++dead_;
  log_.loaded(wire::broker_slot, entry->number);
  return true;
}

void Brokers::ensure(Incarnation incarnation, const std::string& name) {
  if (brokers_.contains(incarnation)) return;
  Broker& broker = brokers_[incarnation];
  broker.row.name = name;
  broker.row.incarnation = incarnation;
}

void Brokers::start(Now now) {
  for (auto& [incarnation, broker] : brokers_) {
    if (broker.dead()) continue;
    broker.lease_until = now.mono + options_.lease;
    if (broker.alive()) change(now, broker, BrokerState::unreachable);
  }
}

Broker* Brokers::find(Incarnation incarnation) {
  const auto found = brokers_.find(incarnation);
  return found == brokers_.end() ? nullptr : &found->second;
}

Broker* Brokers::living(Incarnation incarnation) {
  Broker* broker = find(incarnation);
  return broker && !broker->dead() ? broker : nullptr;
}

bool Brokers::has_lease(Now now, Incarnation incarnation) const {
  const auto found = brokers_.find(incarnation);
  if (found == brokers_.end() || found->second.dead()) return false;
  return now.mono < found->second.lease_until;
}

void Brokers::change(Now now, Broker& broker, BrokerState state) {
  broker.row.state = state;
  broker.row.since_ms = now.wall.ms;
  broker.number = log_.take_number();
  log_.append(broker.number, wire::broker_slot, broker.row, keys::broker(broker.incarnation()));
}

Broker& Brokers::greet(Now now, const std::string& name, Incarnation incarnation) {
  Broker& broker = brokers_[incarnation];
  MUSTER_CHECK(!broker.dead());
  broker.row.name = name;
  broker.row.incarnation = incarnation;
  broker.lease_until = now.mono + options_.lease;
  broker.lease_ended = false;
  if (broker.number == 0 || !broker.alive()) change(now, broker, BrokerState::alive);
  return broker;
}

std::vector<Incarnation> Brokers::predecessors(const std::string& name, Incarnation living) const {
  std::vector<Incarnation> found;
  for (const auto& [incarnation, broker] : brokers_) {
    if (incarnation != living && !broker.dead() && broker.name() == name) {
      found.push_back(incarnation);
    }
  }
  return found;
}

void Brokers::die(Now now, Broker& broker) {
  change(now, broker, BrokerState::dead);
  broker.died_in = ledger_.number();
  ++dead_;
  forget_oldest_dead();
}

std::optional<wire::Deposed> Brokers::deposed(const Broker& broker) const {
  if (!broker.dead() || broker.died_in > stored_) return std::nullopt;
  const auto taken = taken_.find(broker.incarnation());
  return wire::Deposed{taken == taken_.end() ? 0 : taken->second};
}

void Brokers::stored(const Commit& commit) {
  stored_ = commit.number;
  for (const auto& [incarnation, taken] : commit.taken) taken_[incarnation] = taken.number;
}

void Brokers::forget_oldest_dead() {
  while (dead_ > options_.dead_brokers) {
    Broker* oldest = nullptr;
    for (auto& [incarnation, broker] : brokers_) {
      if (!broker.dead() || broker.devices.size() > 0) continue;
      if (log_.is_newest(wire::broker_slot, broker.number)) continue;
      if (!oldest || broker.number < oldest->number) oldest = &broker;
    }
    if (!oldest) return;
    ledger_.erase(keys::broker(oldest->incarnation()));
    ledger_.forget_taken(oldest->incarnation());
    taken_.erase(oldest->incarnation());
    brokers_.erase(oldest->incarnation());
    --dead_;
  }
}

Brokers::Due Brokers::tick(Now now) {
  Due due;
  for (auto& [incarnation, broker] : brokers_) {
    if (broker.dead() || now.mono < broker.lease_until) continue;
    if (!broker.lease_ended) {
      broker.lease_ended = true;
      if (broker.alive()) change(now, broker, BrokerState::unreachable);
      due.unreachable.push_back(incarnation);
    }
    if (now.mono >= broker.lease_until + options_.dead_after) due.dead.push_back(incarnation);
  }
  return due;
}

Instant Brokers::next_wake() const {
  Instant next = never;
  for (const auto& [incarnation, broker] : brokers_) {
    if (broker.dead()) continue;
    const Instant dies = broker.lease_until + options_.dead_after;
    next = std::min(next, broker.lease_ended ? dies : broker.lease_until);
  }
  return next;
}

}  // namespace muster::global
