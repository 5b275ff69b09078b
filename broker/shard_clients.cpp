#include <utility>

#include "broker/shard_state.hpp"
#include "core/base/check.hpp"
#include "core/base/hash.hpp"

namespace muster::broker {

Shard::State::State(ShardIndex index, Options set, Incarnation of)
    : self(index),
      options(std::move(set)),
      incarnation(of),
      groups(static_cast<uint16_t>(index)),
      cache(options.topic_cache_entries),
      retaining(options.shards),
      binding(static_cast<uint16_t>(index), options.shards),
      to_shards(options.shards) {
  MUSTER_CHECK(options.shards >= 1 && options.shards <= 64);
}

uint32_t Shard::State::new_client(std::string address, wire::Durability door) {
  uint32_t index;
  if (unused.empty()) {
    index = static_cast<uint32_t>(clients.size());
    clients.push_back(std::make_unique<Client>());
  } else {
    index = unused.back();
    unused.pop_back();
  }
  Client& client = at(index);
  client.phase = Phase::awaiting_connect;
  client.names = Texts<3>({"", "", address});
  client.door = door;
  client.last_heard = now.mono;
  set_deadline(index, now.mono + options.connect_timeout);
  return index;
}

Client* Shard::State::find(uint32_t index, uint32_t generation) {
  if (index >= clients.size()) return nullptr;
  Client& client = at(index);
  if (client.generation != generation || client.phase == Phase::free) return nullptr;
  if (client.phase == Phase::closing) return nullptr;
  return &client;
}

// The client whose session has this identifier.
uint32_t Shard::State::holder_of(BytesView client_id) const {
  return by_id.find(hash_of(client_id), [&](uint32_t i) { return at(i).client_id() == client_id; });
}

void Shard::State::hold_id(uint32_t index) {
  const BytesView client_id = at(index).client_id();
  MUSTER_CHECK(holder_of(client_id) == no_client);
  by_id.insert(hash_of(client_id), index);
}

void Shard::State::let_go_id(uint32_t index) {
  const BytesView client_id = at(index).client_id();
  if (holder_of(client_id) == index) by_id.erase(hash_of(client_id), index);
}

// The live holder of a persistent session under this term.
Client* Shard::State::find_session(const std::string& client_id, Term term, uint32_t& index) {
  index = holder_of(client_id);
  if (index == no_client) return nullptr;
  Client& client = at(index);
  if (client.phase != Phase::live || !client.persistent || client.term != term) return nullptr;
  return &client;
}

ClientRef Shard::State::ref(uint32_t index) {
  return {self, index, at(index).generation};
}

void Shard::State::set_deadline(uint32_t index, Instant wanted) {
  deadlines.set(index, wanted);
}

void Shard::State::deadline_passed(uint32_t index) {
  Client& client = at(index);
  if (client.phase == Phase::awaiting_connect || client.phase == Phase::authenticating) {
    return end(index, wire::GoneReason::connection_lost);
  }
  if (client.phase == Phase::awaiting_grant) {
    return refuse(index, client.version, mqtt::Reason::server_unavailable,
                  "sessions cannot be reached now");
  }
  // 3.1.2-22: one and a half times the keep-alive without a packet. A client that we do not read
  // (its window is full) cannot be heard: its keep-alive is suspended.
  if (client.paused) client.last_heard = now.mono;
  Instant limit = client.last_heard + std::chrono::milliseconds(1500) * client.keep_alive_s;
  if (limit > now.mono) return set_deadline(index, limit);
  fail(index, mqtt::Reason::keep_alive_timeout, wire::GoneReason::keep_alive_timeout,
       "silent for one and a half times the keep-alive");
}

void Shard::State::free_client(uint32_t index) {
  Client& client = at(index);
  if (client.phase == Phase::free) return;
  std::erase(effects.pause, index);  // not for whoever gets the index next
  std::erase(effects.resume, index);
  uint32_t generation = client.generation + 1;
  client = Client();
  client.generation = generation;
  unused.push_back(index);
}

}  // namespace muster::broker
