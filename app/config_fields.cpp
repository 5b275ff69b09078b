#include "app/config_fields.hpp"

#include <optional>
#include <utility>

#include "app/config_values.hpp"
#include "app/nearest.hpp"
#include "core/base/check.hpp"

namespace muster::app {
namespace {

template <auto section, auto member>
Place at(Config& config) {
  return &(config.*section.*member);
}

using C = Config;
constexpr auto restart = Reload::restart;

constexpr std::pair<std::string_view, std::string_view> section_table[] = {
    {"node", "This process."},
    {"listen", "Doors for clients."},
    {"broker", "Limits of what one client may ask of a broker."},
    {"cluster",
     "How the processes of a cluster find and trust each other; `muster up` needs none."},
    {"presence", "Who counts as a user, and when somebody is gone."},
    {"store", "How global keeps what must survive."},
    {"session", "Persistent sessions, kept by global."},
    {"inbox", "Messages kept for persistent sessions."},
    {"query", "Answering who is there."},
    {"control", "Redirecting of queries from busy query servers."},
    {"sys", "What a broker says of itself below `$SYS/broker`."},
    {"log", "Lines for operators, on stderr."},
};

const Field field_table[] = {
    {"node.name", at<&C::node, &NodeConfig::name>, "", "NAME", restart,
     "Name of this node, unique in the cluster; empty: the name of its role."},
    {"node.data", at<&C::node, &NodeConfig::data>, "./muster-data", "PATH", restart,
     "Folder for everything that is kept; made if missing, locked while in use."},

    {"listen.mqtt", at<&C::listen, &ListenConfig::mqtt>, "127.0.0.1:1883", "HOST:PORT[=LEVEL]",
     restart,
     "Addresses for MQTT over TCP, 1 to 8; port 0 takes a free one. With a LEVEL (memory, process, "
     "power) what comes in by this one has that durability, else listen.durability."},
    {"listen.durability", at<&C::listen, &ListenConfig::durability>, "", "|memory|process|power",
     restart,
     "As store.durability, for what comes in by addresses without a level; empty: nothing said."},

    {"broker.shards", at<&C::broker, &BrokerConfig::shards>, "0", "0..64", restart,
     "Threads that serve clients; 0: one per core, in `muster up` one per two."},
    {"broker.max_packet", at<&C::broker, &BrokerConfig::max_packet>, "268435460", "1KiB..268435460",
     restart, "Largest packet a client may send; a larger one closes it with 0x95."},
    {"broker.receive_maximum", at<&C::broker, &BrokerConfig::receive_maximum>, "1024", "1..65535",
     restart, "Unacknowledged PUBLISHes accepted from one client; announced to MQTT 5 clients."},
    {"broker.topic_alias_maximum", at<&C::broker, &BrokerConfig::topic_alias_maximum>, "10",
     "0..65535", restart, "Topic aliases of one MQTT 5 client, each way; 0: none."},
    {"broker.response_information", at<&C::broker, &BrokerConfig::response_information>, "", "",
     restart, "Response Information for MQTT 5 clients that ask for it; empty: none."},
    {"broker.max_keep_alive", at<&C::broker, &BrokerConfig::max_keep_alive>, "0s", "0s..65535s",
     restart, "Longest keep-alive; an MQTT 5 client that asks for more is told this; 0: any."},
    {"broker.max_session_expiry", at<&C::broker, &BrokerConfig::max_session_expiry>, "forever",
     "0s..forever", restart, "Longest time a session is kept after its connection has ended."},
    {"broker.outbox", at<&C::broker, &BrokerConfig::outbox>, "64MiB", "64KiB..4GiB", restart,
     "Unsent bytes of one slow reader; over it QoS 0 to it is dropped and counted."},
    {"broker.queue", at<&C::broker, &BrokerConfig::queue>, "64MiB", "64KiB..4GiB", restart,
     "QoS 1 messages of one client that wait for its window; over it it is closed with 0x97."},
    {"broker.slow_reader_timeout", at<&C::broker, &BrokerConfig::slow_reader_timeout>, "10s",
     "1s..1h", restart, "How long a reader's outbox may be full before it is closed."},
    {"broker.connect_timeout", at<&C::broker, &BrokerConfig::connect_timeout>, "10s",
     "100ms..10min", restart, "How long a new connection may take to send its CONNECT."},
    {"broker.topic_cache", at<&C::broker, &BrokerConfig::topic_cache>, "65536", "0..100000000",
     restart, "Topics whose subscribers a shard remembers."},

    {"cluster.endpoint", at<&C::cluster, &ClusterConfig::endpoint>, "", "ENDPOINT", restart,
     "Where this process listens for the others: this port and the next one."},
    {"cluster.control", at<&C::cluster, &ClusterConfig::control>, "", "ENDPOINT", restart,
     "Where control listens; it tells the rest."},
    {"cluster.key", at<&C::cluster, &ClusterConfig::key>, "", "", restart,
     "The cluster's key file, made by `muster keys`; needed wherever an endpoint is not loopback."},
    {"cluster.heartbeat", at<&C::cluster, &ClusterConfig::heartbeat>, "500ms", "10ms..1min",
     restart, "Pause between two heartbeats."},
    {"cluster.liveness", at<&C::cluster, &ClusterConfig::liveness>, "2s", "50ms..10min", restart,
     "Silence after which another process counts as away."},
    {"cluster.lease", at<&C::cluster, &ClusterConfig::lease>, "3s", "100ms..10min", restart,
     "How long global trusts a silent broker; must be longer than cluster.broker_lease."},
    {"cluster.broker_lease", at<&C::cluster, &ClusterConfig::broker_lease>, "2s", "100ms..10min",
     restart, "How long a broker trusts its own lease, counted from when it sent the request."},
    {"cluster.window", at<&C::cluster, &ClusterConfig::window>, "64MiB", "2MiB..4GiB", restart,
     "Bytes sent to another process that it has not acknowledged yet; over it senders wait."},

    {"presence.user", at<&C::presence, &PresenceConfig::user>, "%c", "%u|%c", restart,
     "The name of a device's user: its login name (%u) or its client id (%c)."},
    {"presence.grace", at<&C::presence, &PresenceConfig::grace>, "0s", "0s..1h", restart,
     "How long a dropped device still counts as online; 0: every edge is shown."},
    {"presence.dead_after", at<&C::presence, &PresenceConfig::dead_after>, "10s", "100ms..1d",
     restart, "How long an unreachable broker's devices are unknown before they are offline."},

    {"presence.forget_after", at<&C::presence, &PresenceConfig::forget_after>, "1d", "1s..3650d",
     restart, "When an offline device without a session is forgotten."},

    {"store.durability", at<&C::store, &StoreConfig::durability>, "process", "memory|process|power",
     restart,
     "What an acknowledged message survives: nothing, a killed process, a power failure (fsync)."},
    {"store.topics", at<&C::store, &StoreConfig::topics>, "", "FILTER=LEVEL", restart,
     "As store.durability, for topics that match, such as `alarm/#=power`: read by brokers. "
     "The user property `durability` of a PUBLISH goes before it."},
    {"store.segment", at<&C::store, &StoreConfig::segment>, "32MiB", "1MiB..4GiB", restart,
     "Bytes of the log that go into one file; what it still holds then moves to LevelDB."},
    {"store.write_buffer", at<&C::store, &StoreConfig::write_buffer>, "16MiB", "1MiB..1GiB",
     restart, "Memory for what LevelDB has not sorted into files yet; up to twice this much."},
    {"store.block_cache", at<&C::store, &StoreConfig::block_cache>, "8MiB", "1MiB..1TiB", restart,
     "Memory for what LevelDB has read."},

    {"session.max_sessions", at<&C::session, &SessionConfig::max_sessions>, "10000000",
     "1..4000000000", restart, "Persistent sessions; one more CONNECT is refused with 0x97."},
    {"session.max_subscriptions", at<&C::session, &SessionConfig::max_subscriptions>, "100000",
     "1..1000000", restart, "Subscriptions of one session; one more is refused with 0x97."},

    {"inbox.max_messages", at<&C::inbox, &InboxConfig::max_messages>, "10000", "1..100000000",
     restart, "Messages kept for one session; a full inbox refuses the new one and counts it."},
    {"inbox.max_bytes", at<&C::inbox, &InboxConfig::max_bytes>, "64MiB", "1KiB..1TiB", restart,
     "Bytes kept for one session; a full inbox refuses the new message and counts it."},
    {"inbox.total_bytes", at<&C::inbox, &InboxConfig::total_bytes>, "4GiB", "1MiB..64TiB", restart,
     "Bytes kept for all sessions together."},

    {"query.workers", at<&C::query, &QueryConfig::workers>, "2", "1..64", restart,
     "Tasks that a query server has in progress at a time."},
    {"query.threshold", at<&C::query, &QueryConfig::threshold>, "2000", "1..1000000000", restart,
     "Load above which tasks are redirected; a look-up of one name weighs 1."},
    {"query.queue_max", at<&C::query, &QueryConfig::queue_max>, "20000", "1..100000000", restart,
     "Tasks kept while control is away; one more is answered busy."},
    {"query.slice_rows", at<&C::query, &QueryConfig::slice_rows>, "1600", "1..1000000", restart,
     "Rows a scan looks at before more urgent tasks pass it."},
    {"query.max_rows", at<&C::query, &QueryConfig::max_rows>, "10000", "1..1000000", restart,
     "Rows in one answer; the rest is asked for with its cursor."},
    {"query.max_deadline", at<&C::query, &QueryConfig::max_deadline>, "1min", "1s..1h", restart,
     "The latest deadline a task may have."},
    {"query.broker_timeout", at<&C::query, &QueryConfig::broker_timeout>, "2s", "10ms..1h", restart,
     "How long a broker waits for an answer to a client's question."},

    {"control.strategy", at<&C::control, &ControlConfig::strategy>, "least-loaded", "least-loaded",
     restart, "How the server that takes over a redirected task is chosen."},
    {"control.replicas", at<&C::control, &ControlConfig::replicas>, "2", "1..16", restart,
     "Query servers that hold each slot."},

    {"sys.interval", at<&C::sys, &SysConfig::interval>, "10s", "0s..1d", restart,
     "Time between two looks at a broker's own numbers; 0: nothing is shown."},

    {"log.level", at<&C::log, &LogConfig::level>, "info", "debug|info|warning|error",
     Reload::sighup, "The least important lines that are written."},
};

}  // namespace

std::span<const Field> fields() {
  return field_table;
}

const Field* find_field(std::string_view name) {
  for (const Field& field : field_table) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string_view section_sentence(std::string_view section) {
  for (const auto& [name, sentence] : section_table) {
    if (name == section) return sentence;
  }
  return {};
}

std::string nearest_name(std::string_view name) {
  Nearest nearest{name};
  const std::string_view key = name.substr(name.find('.') + 1);
  for (const Field& field : field_table) {
    if (field.key() == key) return std::string{field.name};  // right key, wrong section
    nearest.consider(field.name);
  }
  return nearest.found();
}

std::string nearest_section(std::string_view section) {
  Nearest nearest{section};
  for (const auto& row : section_table) nearest.consider(row.first);
  return nearest.found();
}

Config default_config() {
  Config config;
  for (const Field& field : field_table) {
    const std::optional<std::string> problem = assign(field, config, field.preset);
    MUSTER_CHECK(!problem);
    MUSTER_CHECK(!section_sentence(field.section()).empty());
  }
  return config;
}

}  // namespace muster::app
