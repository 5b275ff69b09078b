#include "app/options.hpp"

#include <algorithm>
#include <limits>

#include "app/config_values.hpp"
#include "broker/durability.hpp"
#include "core/base/check.hpp"

namespace muster::app {
namespace {

// The table's bounds are at most what the role's field holds; one that is not is our mistake.
template <class To>
To exactly(uint64_t value) {
  MUSTER_CHECK(value <= uint64_t{std::numeric_limits<To>::max()});
  return static_cast<To>(value);
}

template <class To>
To whole_seconds(Duration duration) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return exactly<To>(static_cast<uint64_t>(seconds));
}

wire::LinkOptions link_options(const ClusterConfig& cluster) {
  wire::LinkOptions link;
  link.heartbeat = cluster.heartbeat;
  link.liveness = cluster.liveness;
  link.window_bytes = cluster.window.bytes;
  return link;
}

// MQTT counts a session's expiry in 32 bits of seconds; all ones mean for ever.
uint32_t expiry_seconds(Duration expiry) {
  constexpr uint32_t for_ever = std::numeric_limits<uint32_t>::max();
  if (expiry >= std::chrono::seconds{for_ever}) return for_ever;
  return whole_seconds<uint32_t>(expiry);
}

}  // namespace

broker::Options broker_options(const Config& config, unsigned cores) {
  constexpr uint64_t most_shards = 64;
  const BrokerConfig& from = config.broker;
  broker::Options to;
  const uint64_t shards =
      from.shards == 0 ? std::clamp<uint64_t>(cores, 1, most_shards) : from.shards;
  to.shards = exactly<uint16_t>(shards);
  to.maximum_packet_size = exactly<uint32_t>(from.max_packet.bytes);
  to.receive_maximum = exactly<uint16_t>(from.receive_maximum);
  to.response_information = from.response_information.substr(0, 65'535);
  to.topic_alias_maximum = exactly<uint16_t>(from.topic_alias_maximum);
  to.maximum_keep_alive_s = whole_seconds<uint16_t>(from.max_keep_alive);
  to.maximum_session_expiry_s = expiry_seconds(from.max_session_expiry);
  to.outbox_limit_bytes = from.outbox.bytes;
  to.queue_limit_bytes = from.queue.bytes;
  to.slow_reader_timeout = from.slow_reader_timeout;
  to.connect_timeout = from.connect_timeout;
  to.topic_cache_entries = exactly<uint32_t>(from.topic_cache);
  to.lease = config.cluster.broker_lease;
  to.lease_interval = config.cluster.broker_lease / 3;
  to.grant_wait = config.cluster.lease + std::chrono::seconds(1);
  to.durable_topics = config.store.topics;
  to.sys_interval = config.sys.interval;
  to.version = std::string("muster version ") + MUSTER_VERSION;
  to.presence_user = config.presence.user;
  to.query_timeout = config.query.broker_timeout;
  to.link = link_options(config.cluster);
  return to;
}

// One that says no level of its own has listen.durability's.
std::vector<broker::Door> broker_doors(const ListenConfig& listen) {
  std::vector<broker::Door> doors;
  for (const std::string& text : listen.mqtt) {
    const ListenAddress one = split_listen(text);
    const std::string_view level = one.level.value_or(listen.durability);
    doors.push_back({std::string{one.address},
                     broker::parse_durability(level).value_or(wire::Durability::standard)});
  }
  return doors;
}

global::Options global_options(const Config& config) {
  global::Options to;
  to.links = link_options(config.cluster);
  to.lease = config.cluster.lease;
  to.dead_after = config.presence.dead_after;
  to.grace = config.presence.grace;
  to.forget_after = config.presence.forget_after;
  to.max_sessions = exactly<uint32_t>(config.session.max_sessions);
  to.max_subscriptions = exactly<uint32_t>(config.session.max_subscriptions);
  to.inbox_max_messages = config.inbox.max_messages;
  to.inbox_max_bytes = config.inbox.max_bytes.bytes;
  to.inboxes_max_bytes = config.inbox.total_bytes.bytes;
  to.sync = config.store.durability == "power";
  return to;
}

query::Options query_options(const Config& config) {
  query::Options to;
  to.links = link_options(config.cluster);
  to.workers = exactly<uint32_t>(config.query.workers);
  to.threshold = exactly<uint32_t>(config.query.threshold);
  to.queue_max = exactly<uint32_t>(config.query.queue_max);
  to.slice_rows = exactly<uint32_t>(config.query.slice_rows);
  to.limit_max = exactly<uint32_t>(config.query.max_rows);
  to.deadline_max = config.query.max_deadline;
  return to;
}

control::Options control_options(const Config& config) {
  control::Options to;
  to.links = link_options(config.cluster);
  to.replicas = exactly<uint8_t>(config.control.replicas);
  MUSTER_CHECK(config.control.strategy == "least-loaded");
  return to;
}

store::LeveldbOptions store_options(const Config& config) {
  return {.write_buffer = config.store.write_buffer.bytes,
          .block_cache = config.store.block_cache.bytes};
}

store::SegmentOptions segment_options(const Config& config) {
  return {.segment_bytes = config.store.segment.bytes};
}

}  // namespace muster::app
