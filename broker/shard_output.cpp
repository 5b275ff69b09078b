// What a client is about to be sent. An outbox is borrowed from the shard while there is output, so
// an idle client holds none; bytes are appended during the turn and flushed once at its end.

#include "broker/shard_state.hpp"
#include "core/base/check.hpp"

namespace muster::broker {
namespace {
constexpr size_t spare_bytes_limit = 64 << 20;  // of outboxes kept for reuse

void put_id(Bytes& packet, size_t at, uint16_t id) {
  packet[at] = static_cast<char>(id >> 8);
  packet[at + 1] = static_cast<char>(id & 0xFF);
}

// 3.2.2-19 and its like: the reason string goes before the packet does.
Bytes without_problem_information(mqtt::Packet packet, mqtt::Version version) {
  std::visit(
      [](auto& one) {
        if constexpr (requires { one.properties; }) one.properties.reason_string.reset();
      },
      packet);
  Bytes encoded;
  mqtt::encode(packet, version, encoded);
  return encoded;
}

}  // namespace

void Shard::State::borrow_outbox(Client& client) {
  if (client.outbox.capacity() > sizeof(Bytes) || spare.empty()) return;
  client.outbox = std::move(spare.back());
  spare.pop_back();
  spare_bytes -= client.outbox.capacity();
}

void Shard::State::write(uint32_t index, BytesView bytes) {
  ++counters.packets_sent;
  append(index, bytes);
}

void Shard::State::append(uint32_t index, BytesView bytes) {
  Client& client = at(index);
  if (client.outbox.empty()) borrow_outbox(client);
  client.outbox.append(bytes);
  if (client.dirty) return;
  client.dirty = true;
  effects.dirty.push_back(index);
}

// What is neither a PUBLISH nor short. Nobody may be left waiting for what is never sent: for the
// answers see open_session(), subscribe(), unsubscribe() and take_step().
bool Shard::State::write(uint32_t index, const mqtt::Packet& packet) {
  Bytes encoded;
  mqtt::encode(packet, at(index).version, encoded);
  if (encoded.size() > at(index).maximum_packet_size) {
    encoded = without_problem_information(packet, at(index).version);
    if (encoded.size() > at(index).maximum_packet_size) return false;  // 3.1.2-24
  }
  write(index, encoded);
  return true;
}

// Every PUBLISH that is encoded goes out through here. `tail`: the end of its payload, if that is
// not in `packet`; `id_at`: where its packet identifier is to be put (0: it stays). Who takes topic
// aliases gets them in what is really sent, in order.
void Shard::State::write_publish(uint32_t index, BytesView packet, BytesView tail, uint32_t id_at,
                                 uint16_t id) {
  Client& client = at(index);
  if (client.aliases_out) {
    Bytes whole(packet);
    if (id_at != 0) put_id(whole, id_at, id);
    Bytes aliased;
    client.aliases_out->append(whole, tail.size(), client.maximum_packet_size, aliased);
    write(index, aliased);
  } else {
    size_t start = client.outbox.size();
    write(index, packet);
    if (id_at != 0) put_id(client.outbox, start + id_at, id);
  }
  if (!tail.empty()) append(index, tail);
}

void Shard::State::sent(uint32_t index, size_t bytes) {
  Client& client = at(index);
  counters.bytes_sent += bytes;
  client.sent += static_cast<uint32_t>(bytes);
  MUSTER_CHECK(client.sent <= client.outbox.size());
  if (client.retained) pump_retained(index);
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
  if (spare_bytes + client.outbox.capacity() <= spare_bytes_limit) {
    spare_bytes += client.outbox.capacity();
    spare.push_back(std::move(client.outbox));
  }
  Bytes().swap(client.outbox);  // assigning an empty string would keep the memory
  if (client.phase != Phase::live) return;
  if (client.waiting) pump_waiting(index);
  if (client.inbox) pump_inbox(index);
  presence_drained(index);
}

}  // namespace muster::broker
