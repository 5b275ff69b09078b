#pragma once
// What `muster bench` was asked for. 0 in a number means: whatever the scenario takes by itself.

#include <cstdint>
#include <string>
#include <vector>

#include "core/mqtt/packet.hpp"
#include "core/net/address.hpp"

namespace muster::clients::bench {

struct Target {
  net::Address address;
  mqtt::Version version = mqtt::Version::v3_1_1;
  std::string user;
  std::string password;
  std::string id_prefix;  // of all client ids of this run
};

struct Options {
  std::string scenario;
  Target target;
  uint32_t publishers = 0;
  uint32_t subscribers = 0;
  uint32_t topics = 0;
  uint32_t connections = 0;
  uint32_t filters = 0;   // subscriptions of each connection: idle, connect
  uint64_t messages = 0;  // offline: for each subscriber; retained: topics; connect: in all
  uint32_t rounds = 3;    // retained: subscribers, one after the other
  uint32_t payload = 64;  // bytes
  int qos = 0;
  double rate = 0;  // messages a second in all, each in its own write; 0: as fast as windows let
  double seconds = 3;
  double warmup = 0.5;
  uint32_t window = 0;    // messages of a publisher on their way to a subscriber
  uint32_t inflight = 0;  // unacknowledged at QoS 1 and 2
  uint32_t batch = 0;     // fewest messages in a write
  bool persistent = false;
  uint16_t ask_port = 0;  // presence: where is asked and watched; 0: at the same broker
  bool hold = false;      // idle: until standard input ends
  bool json = false;
  std::vector<int> broker_pids;

  mqtt::Qos quality() const { return static_cast<mqtt::Qos>(qos); }
};

// How many messages may be under way, for each publisher.
struct Windows {
  uint32_t window = 0;
  uint32_t inflight = 0;
  uint32_t batch = 0;
};
Windows windows_of(const Options& options);

}  // namespace muster::clients::bench
