// What a client is about to be sent. An outbox is borrowed from the shard while there is output, so
// an idle client holds none; bytes are appended during the turn and flushed once at its end.

#include "broker/shard_state.hpp"
#include "core/base/check.hpp"

namespace muster::broker {
namespace {
constexpr size_t spare_limit = 256;               // outboxes kept for reuse
constexpr size_t spare_capacity_limit = 1 << 20;  // larger ones are given back to the heap
}  // namespace

void Shard::State::borrow_outbox(Client& client) {
  if (client.outbox.capacity() > sizeof(Bytes) || spare.empty()) return;
  client.outbox = std::move(spare.back());
  spare.pop_back();
}

void Shard::State::write(uint32_t index, BytesView bytes) {
  Client& client = at(index);
  if (client.outbox.empty()) borrow_outbox(client);
  client.outbox.append(bytes);
  if (client.dirty) return;
  client.dirty = true;
  effects.dirty.push_back(index);
}

void Shard::State::write(uint32_t index, const mqtt::Packet& packet) {
  Bytes encoded;
  mqtt::encode(packet, at(index).version, encoded);
  if (encoded.size() > at(index).maximum_packet_size) return;  // 3.1.2-24: never sent
  write(index, encoded);
}

void Shard::State::sent(uint32_t index, size_t bytes) {
  Client& client = at(index);
  client.sent += static_cast<uint32_t>(bytes);
  MUSTER_CHECK(client.sent <= client.outbox.size());
  if (client.sent < client.outbox.size()) {
    // Half of a large outbox is gone: move the rest down, so that it does not grow for ever.
    if (client.sent > (1u << 20) && client.sent > client.outbox.size() / 2) {
      client.outbox.erase(0, client.sent);
      client.sent = 0;
    }
    return;
  }
  client.sent = 0;
  client.outbox.clear();
  client.over_limit_since = never;
  if (spare.size() < spare_limit && client.outbox.capacity() <= spare_capacity_limit) {
    spare.push_back(std::move(client.outbox));
  }
  Bytes().swap(client.outbox);  // assigning an empty string would keep the memory
  if (client.phase != Phase::live) return;
  if (client.waiting) pump_waiting(index);
  if (client.inbox) pump_inbox(index);
  presence_drained(index);
}

}  // namespace muster::broker
