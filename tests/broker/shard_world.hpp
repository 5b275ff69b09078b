#pragma once
// One or more shards of a broker without threads or sockets, and a Node that only does what a test
// lets it do: a script of packets in and out, in virtual time.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "broker/shard.hpp"
#include "core/mqtt/codec.hpp"

namespace muster::broker::test {

struct Device {
  uint32_t shard = 0;
  uint32_t client = 0;
  mqtt::Version version = mqtt::Version::v5;
  Bytes unread;
  bool closed = false;
  bool paused = false;
};

// Every claim and goodbye is told at once.
inline Options hurried() {
  Options options;
  options.presence_pause = {};
  return options;
}

class ShardWorld {
 public:
  explicit ShardWorld(uint16_t shards = 1, Options options = hurried());

  // Accepts a connection at shard 0 and sends `connect`; the device follows it to its home.
  Device& connect(const mqtt::Connect& packet, wire::Durability door = wire::Durability::standard);
  Device& open(wire::Durability door = wire::Durability::standard);  // no CONNECT yet
  void send(Device& device, const mqtt::Packet& packet);
  void send_bytes(Device& device, BytesView bytes);
  void drop(Device& device);  // the peer closes
  // Everything that was written to the device since the last call.
  std::vector<mqtt::Packet> read(Device& device);
  // The one packet of this kind among read(); fails the test otherwise.
  template <class Kind>
  Kind expect(Device& device) {
    std::vector<mqtt::Packet> packets = read(device);
    MUSTER_CHECK(packets.size() == 1);
    MUSTER_CHECK(std::holds_alternative<Kind>(packets[0]));
    return std::get<Kind>(packets[0]);
  }

  void letter(uint32_t shard, Letter letter);  // from the Node
  void pass(Duration time);
  // Runs turns until no parcel is under way.
  void settle();

  // What the shards told the Node, in order; RouteChanges are answered at once if `bind_routes`.
  std::vector<Letter> to_node;
  std::vector<std::pair<uint32_t, Publications>> published;  // by shard
  bool bind_routes = true;
  bool replica_ready = true;  // answers RetainedWanted
  bool flush = true;          // devices read what they are sent

  template <class Message>
  std::vector<Message> for_global() {
    std::vector<Message> found;
    for (const Letter& one : to_node) {
      const auto* outer = std::get_if<ForGlobal>(&one);
      if (outer == nullptr) continue;
      if (const auto* inner = std::get_if<Message>(&outer->message)) found.push_back(*inner);
    }
    return found;
  }
  template <class Kind>
  std::vector<Kind> letters() {
    std::vector<Kind> found;
    for (const Letter& one : to_node) {
      if (const auto* letter = std::get_if<Kind>(&one)) found.push_back(*letter);
    }
    return found;
  }

  Now now{Instant(std::chrono::seconds(100)), WallTime{1'700'000'000'000}};
  std::vector<std::unique_ptr<Shard>> shards;

 private:
  void turn(uint32_t shard);
  void carry_out(uint32_t shard);
  Device* at(uint32_t shard, uint32_t client);

  std::deque<Device> devices_;
  std::deque<Bytes> storage_;  // decoded packets are views
  std::map<uint32_t, std::vector<Parcel>> mail_;
};

mqtt::Connect clean(BytesView id, mqtt::Version version = mqtt::Version::v5);
mqtt::Connect persistent(BytesView id, mqtt::Version version = mqtt::Version::v5);
mqtt::Subscribe subscribe(uint16_t packet_id, BytesView filter, mqtt::Qos qos);
mqtt::Publish message(BytesView topic, BytesView payload, mqtt::Qos qos = mqtt::Qos::at_most_once,
                      uint16_t packet_id = 0);

}  // namespace muster::broker::test
