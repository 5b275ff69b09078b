#pragma once
// What an operator may decide, as plain values. Each field has one row in config_fields.cpp (name,
// default, bounds, sentence); nothing here has a default of its own, so take a Config only from
// default_config() or load_config(). Owned by app and handed to roles before they start.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace muster::app {

struct ByteCount {
  uint64_t bytes = 0;
  auto operator<=>(const ByteCount&) const = default;
};

struct NodeConfig {
  std::string name;
  std::string data;
};

struct ListenConfig {
  std::vector<std::string> mqtt;  // HOST:PORT or HOST:PORT=LEVEL
  std::string durability;
};

struct BrokerConfig {
  uint64_t shards = 0;
  ByteCount max_packet;
  uint64_t receive_maximum = 0;
  uint64_t topic_alias_maximum = 0;
  std::string response_information;
  Duration max_keep_alive{};
  Duration max_session_expiry{};
  ByteCount outbox;
  ByteCount queue;
  Duration slow_reader_timeout{};
  Duration connect_timeout{};
  uint64_t topic_cache = 0;
};

struct ClusterConfig {
  std::string endpoint;
  std::string control;
  std::string key;
  Duration heartbeat{};
  Duration liveness{};
  Duration lease{};
  Duration broker_lease{};
  ByteCount window;
};

struct PresenceConfig {
  std::string user;
  Duration grace{};
  Duration dead_after{};
  Duration forget_after{};
};

struct StoreConfig {
  std::string durability;
  std::vector<std::string> topics;  // FILTER=LEVEL
  ByteCount segment;
  ByteCount write_buffer;
  ByteCount block_cache;
};

struct SessionConfig {
  uint64_t max_sessions = 0;
  uint64_t max_subscriptions = 0;
};

struct InboxConfig {
  uint64_t max_messages = 0;
  ByteCount max_bytes;
  ByteCount total_bytes;
};

struct QueryConfig {
  uint64_t workers = 0;
  uint64_t threshold = 0;
  uint64_t queue_max = 0;
  uint64_t slice_rows = 0;
  uint64_t max_rows = 0;
  Duration max_deadline{};
  Duration broker_timeout{};
};

struct ControlConfig {
  std::string strategy;
  uint64_t replicas = 0;
};

struct SysConfig {
  Duration interval{};
};

struct LogConfig {
  std::string level;
};

struct Config {
  NodeConfig node;
  ListenConfig listen;
  BrokerConfig broker;
  ClusterConfig cluster;
  PresenceConfig presence;
  StoreConfig store;
  SessionConfig session;
  InboxConfig inbox;
  QueryConfig query;
  ControlConfig control;
  SysConfig sys;
  LogConfig log;
};

}  // namespace muster::app
