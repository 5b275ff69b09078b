#pragma once
// What an operator can set on a broker. Constant after start; copied into each shard and the node.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/authenticator.hpp"
#include "core/base/time.hpp"
#include "core/wire/links.hpp"
#include "core/wire/messages.hpp"

namespace muster::broker {

// Where clients come in.
struct Door {
  std::string address;                                       // "host:port", port 0: any
  wire::Durability durability = wire::Durability::standard;  // of what is published through it
};
constexpr size_t max_doors = 8;  // each is a socket in every shard

struct Options {
  uint16_t shards = 1;                         // at most 64
  uint32_t maximum_packet_size = 268'435'460;  // bytes, announced to MQTT 5 clients
  uint16_t receive_maximum = 1024;    // unacknowledged PUBLISHes a client may have towards us
  uint16_t topic_alias_maximum = 10;  // topics remembered for a client, each way
  uint16_t maximum_keep_alive_s = 0;  // 0: the client decides; else longer ones are cut (v5)
  uint32_t maximum_session_expiry_s = UINT32_MAX;
  size_t outbox_limit_bytes = 64u << 20;  // over it QoS 0 to this client is dropped and counted
  size_t queue_limit_bytes = 64u << 20;   // QoS 1 that waits for a window; over it: closed, 0x97
  Duration slow_reader_timeout = std::chrono::seconds(10);  // over outbox_limit so long: closed
  Duration connect_timeout = std::chrono::seconds(10);      // from accept to CONNECT
  Duration lease = std::chrono::milliseconds(2000);         // a broker's, from when it asked
  Duration lease_interval = std::chrono::milliseconds(700);
  Duration grant_wait =
      std::chrono::milliseconds(4000);  // persistent CONNECT: lease + 1 s, then 0x88
  Duration route_wait = std::chrono::milliseconds(100);  // a slower peer is passed over, counted
  std::vector<std::string> durable_topics;               // broker/durability.hpp
  uint32_t topic_cache_entries = 65'536;
  std::string response_information;  // told in CONNACK to who asks for it; empty: nothing
  std::vector<std::shared_ptr<const AuthMethod>> auth_methods;  // of enhanced authentication
  Duration sys_interval{};         // between two looks at what $SYS shows; 0: no $SYS
  std::string version = "muster";  // as $SYS names it
  uint32_t groups_max = 65'536;    // of shared subscriptions with members here; over it: 0x97
  // Between two parcels of claims and goodbyes that nobody waits for: what comes meanwhile shares
  // the turns of all the threads on its way, and the commit.
  Duration presence_pause = std::chrono::milliseconds(5);
  std::string presence_user = "%c";  // "%u": the login name, "%c": the client id
  Duration query_timeout = std::chrono::milliseconds(2000);
  uint32_t query_payload_max = 256u << 10;  // bytes of a question
  uint32_t query_open_max = 65'536;         // questions of this broker under way; over it: busy
  uint32_t presence_page_rows = 256;
  // Devices with changes that wait for one subscriber; over it they are dropped and it gets a fresh
  // snapshot.
  uint32_t presence_backlog_rows = 65'536;
  // Users whose attributes are kept until global is there for the first time; over it: dropped.
  uint32_t held_for_global = 65'536;
  // Items that global has not stored; over it only publications (their publishers bound them) are
  // added, others are dropped and counted.
  uint32_t for_global_max = 1'000'000;
  // How long a SUBSCRIBE's retained messages wait for this broker's copy of them to be complete.
  Duration retained_wait = std::chrono::milliseconds(4000);
  // Another broker's silence after which what waits for it is dropped, counted and counts as taken.
  Duration peer_dead_after = std::chrono::seconds(10);
  wire::LinkOptions link;
  std::string control_talk;  // endpoints known from configuration; the directory brings the others
  std::string control_bulk;
};

}  // namespace muster::broker
