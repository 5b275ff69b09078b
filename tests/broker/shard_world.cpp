#include "tests/broker/shard_world.hpp"

#include <utility>

namespace muster::broker::test {

ShardWorld::ShardWorld(uint16_t count, Options options) {
  options.shards = count;
  for (uint16_t i = 0; i < count; ++i) {
    shards.push_back(std::make_unique<Shard>(static_cast<ShardIndex>(i), options, Incarnation{7}));
    letter(i, GlobalKnown{true});
    letter(i, RoutesBound{0});
  }
  settle();
}

Device& ShardWorld::open(wire::Durability door) {
  Device& device = devices_.emplace_back();
  device.client = shards[0]->accept(now, "127.0.0.1:5000", door);
  return device;
}

Device& ShardWorld::connect(const mqtt::Connect& packet, wire::Durability door) {
  Device& device = open(door);
  device.version = packet.version;
  send(device, packet);
  return device;
}

void ShardWorld::send(Device& device, const mqtt::Packet& packet) {
  Bytes bytes;
  mqtt::encode(packet, device.version, bytes);
  send_bytes(device, bytes);
}

void ShardWorld::send_bytes(Device& device, BytesView bytes) {
  MUSTER_CHECK(!device.closed);
  shards[device.shard]->receive(now, device.client, bytes);
  settle();
}

void ShardWorld::drop(Device& device) {
  device.closed = true;
  shards[device.shard]->closed(now, device.client);
  settle();
}

std::vector<mqtt::Packet> ShardWorld::read(Device& device) {
  std::vector<mqtt::Packet> packets;
  BytesView input = storage_.emplace_back(std::exchange(device.unread, {}));
  while (!input.empty()) {
    size_t needed = 0;
    auto frame = mqtt::next_frame(input, SIZE_MAX, needed);
    MUSTER_CHECK(frame && !frame->whole.empty());
    auto packet = mqtt::decode(*frame, device.version, mqtt::Sender::server);
    MUSTER_CHECK(packet.has_value());
    packets.push_back(std::move(*packet));
    input.remove_prefix(frame->whole.size());
  }
  return packets;
}

void ShardWorld::letter(uint32_t shard, Letter one) {
  Parcel parcel;
  parcel.from_node = true;
  parcel.letters.push_back(std::move(one));
  mail_[shard].push_back(std::move(parcel));
}

void ShardWorld::pass(Duration time) {
  Instant end = now.mono + time;
  for (auto& shard : shards) {
    while (shard->next_wake() <= end) {
      now.mono = std::max(now.mono, shard->next_wake());
      shard->tick(now);
      settle();
    }
  }
  now.mono = end;
}

void ShardWorld::settle() {
  for (uint32_t i = 0; i < shards.size(); ++i) turn(i);
  bool busy = true;
  while (busy) {
    busy = false;
    for (auto& [shard, parcels] : mail_) {
      for (Parcel& parcel : std::exchange(parcels, {})) {
        shards[shard]->open(now, std::move(parcel));
        busy = true;
      }
    }
    for (uint32_t i = 0; i < shards.size(); ++i) turn(i);
  }
}

void ShardWorld::turn(uint32_t shard) {
  for (auto& [to, parcel] : shards[shard]->take_parcels()) {
    mail_[static_cast<uint32_t>(to)].push_back(std::move(parcel));
  }
  Parcel parcel = shards[shard]->take_node_parcel();
  for (Letter& one : parcel.letters) {
    if (const auto* change = std::get_if<RouteChange>(&one); change != nullptr && bind_routes) {
      letter(shard, RoutesBound{change->number});
    }
    if (const auto* wanted = std::get_if<RetainedWanted>(&one); wanted && replica_ready) {
      letter(shard, RetainedReady{wanted->number});
    }
    to_node.push_back(std::move(one));
  }
  if (!parcel.publications.empty()) {
    published.emplace_back(shard, std::move(parcel.publications));
  }
  carry_out(shard);
}

void ShardWorld::carry_out(uint32_t shard) {
  ShardEffects effects = shards[shard]->take_effects();
  for (uint32_t client : effects.dirty) {
    Device* device = at(shard, client);
    BytesView output = shards[shard]->output(client);
    if (device == nullptr || !flush) continue;
    device->unread.append(output);
    shards[shard]->sent(now, client, output.size());
  }
  for (uint32_t client : effects.pause) at(shard, client)->paused = true;
  for (uint32_t client : effects.resume) at(shard, client)->paused = false;
  for (Move& moved : effects.moves) {
    Device* device = at(shard, moved.client);
    uint32_t left = moved.client;
    device->shard = static_cast<uint32_t>(moved.to);
    device->client = shards[device->shard]->adopt(now, std::move(moved));
    shards[shard]->closed(now, left);
    turn(device->shard);
  }
  for (uint32_t client : effects.close) {
    if (Device* device = at(shard, client)) device->closed = true;
    shards[shard]->closed(now, client);
  }
}

Device* ShardWorld::at(uint32_t shard, uint32_t client) {
  for (Device& device : devices_) {
    if (!device.closed && device.shard == shard && device.client == client) return &device;
  }
  return nullptr;
}

mqtt::Connect clean(BytesView id, mqtt::Version version) {
  mqtt::Connect packet;
  packet.version = version;
  packet.client_id = id;
  return packet;
}

mqtt::Connect persistent(BytesView id, mqtt::Version version) {
  mqtt::Connect packet = clean(id, version);
  packet.clean_start = false;
  if (version == mqtt::Version::v5) packet.properties.session_expiry_interval = 3600;
  return packet;
}

mqtt::Subscribe subscribe(uint16_t packet_id, BytesView filter, mqtt::Qos qos) {
  mqtt::Subscribe packet;
  packet.packet_id = packet_id;
  packet.entries.push_back({filter, {qos, false, false, 0}});
  return packet;
}

mqtt::Publish message(BytesView topic, BytesView payload, mqtt::Qos qos, uint16_t packet_id) {
  mqtt::Publish packet;
  packet.topic = topic;
  packet.payload = payload;
  packet.qos = qos;
  packet.packet_id = packet_id;
  return packet;
}

}  // namespace muster::broker::test
