#include "broker/shard.hpp"

#include <algorithm>
#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

Shard::Shard(ShardIndex self, Options options, Incarnation incarnation)
    : state_(std::make_unique<State>(self, std::move(options), incarnation)) {}
Shard::~Shard() = default;

uint32_t Shard::accept(Now now, std::string address, wire::Durability door) {
  state_->now = now;
  ++state_->counters.sockets;
  return state_->new_client(std::move(address), door);
}

uint32_t Shard::adopt(Now now, Move moved) {
  state_->now = now;
  uint32_t index = state_->new_client(std::move(moved.address), moved.door);
  state_->feed(index, moved.unread);
  state_->close_doomed();
  return index;
}

void Shard::receive(Now now, uint32_t client, BytesView bytes) {
  state_->now = now;
  state_->counters.bytes_received += bytes.size();
  state_->feed(client, bytes);
  state_->close_doomed();
}

void Shard::closed(Now now, uint32_t client) {
  state_->now = now;
  state_->last_words(client);
  Client& gone = state_->at(client);
  if (gone.phase != Phase::closing) {
    state_->end(client, wire::GoneReason::connection_lost);
  }
  auto& close = state_->effects.close;
  auto reported = std::find(close.begin(), close.end(), client);
  if (reported != close.end()) close.erase(reported);
  state_->free_client(client);
}

void Shard::open(Now now, Parcel&& parcel) {
  state_->now = now;
  state_->open(std::move(parcel));
  state_->close_doomed();
}

void Shard::tick(Now now) {
  state_->now = now;
  state_->sweep_retained();
  uint32_t index;
  while (state_->deadlines.first_due(now.mono, index)) {
    state_->set_deadline(index, never);
    state_->deadline_passed(index);
  }
}

Instant Shard::next_wake() const {
  const Instant presence = state_->unhurried > 0 ? state_->presence_due : never;
  return std::min({state_->deadlines.next(), state_->retaining.table.next_sweep(), presence});
}

std::vector<std::pair<ShardIndex, Parcel>> Shard::take_parcels() {
  State& state = *state_;
  state.post_route_change();
  std::vector<std::pair<ShardIndex, Parcel>> out;
  for (size_t i = 0; i < state.to_shards.size(); ++i) {
    if (state.to_shards[i].empty()) continue;
    out.emplace_back(static_cast<ShardIndex>(i), std::exchange(state.to_shards[i], {}));
    out.back().second.from = state.self;
  }
  state.parcels_full = false;
  return out;
}

bool Shard::parcels_full() const {
  return state_->parcels_full;
}

void Shard::reuse(ShardIndex to, Publications emptied) {
  Publications& next = state_->to_shards[static_cast<size_t>(to)].publications;
  if (next.empty()) next = std::move(emptied);
}

Parcel Shard::take_node_parcel() {
  State& state = *state_;
  state.post_route_change();
  state.flush_inbox_acks();
  if (state.holds_presence()) return {};
  if (std::exchange(state.unhurried, 0) > 0) {
    state.presence_due = state.now.mono + state.options.presence_pause;
  }
  Parcel parcel = std::exchange(state.to_node, {});
  parcel.from = state.self;
  return parcel;
}

ShardEffects Shard::take_effects() {
  for (uint32_t index : state_->effects.dirty) state_->at(index).dirty = false;
  return std::exchange(state_->effects, {});
}

BytesView Shard::output(uint32_t client) const {
  const Client& from = state_->at(client);
  return BytesView(from.outbox).substr(from.sent);
}

void Shard::sent(Now now, uint32_t client, size_t bytes) {
  state_->now = now;
  state_->sent(client, bytes);
}

bool Shard::said_goodbye(uint32_t client) const {
  return state_->at(client).said_goodbye;
}

void Shard::stop(Now now) {
  state_->now = now;
  for (uint32_t i = 0; i < state_->clients.size(); ++i) {
    Phase phase = state_->at(i).phase;
    if (phase == Phase::free || phase == Phase::closing) continue;
    state_->fail(i, mqtt::Reason::server_shutting_down, wire::GoneReason::server_shutdown);
  }
  state_->give_up_departures();
  state_->unhurried = 0;  // there is no later turn
}

const ShardCounters& Shard::counters() const {
  return state_->counters;
}

}  // namespace muster::broker
