#include <gtest/gtest.h>

#include "app/config_fields.hpp"
#include "app/config_load.hpp"
#include "app/options.hpp"

namespace muster::app {
namespace {

Config with(const std::string& setting) {
  return load_config({.file = "", .flags = {{"--set", setting}}, .environment = {}}).value();
}

// The roles' own presets and the table's are the same, so that tests of a role and a started
// program mean the same thing.
TEST(Options, the_tables_presets_are_the_brokers) {
  const broker::Options a = broker_options(default_config(), 1);
  const broker::Options b;
  EXPECT_EQ(a.shards, b.shards);
  EXPECT_EQ(a.maximum_packet_size, b.maximum_packet_size);
  EXPECT_EQ(a.receive_maximum, b.receive_maximum);
  EXPECT_EQ(a.topic_alias_maximum, b.topic_alias_maximum);
  EXPECT_EQ(a.response_information, b.response_information);
  EXPECT_EQ(a.maximum_keep_alive_s, b.maximum_keep_alive_s);
  EXPECT_EQ(a.maximum_session_expiry_s, b.maximum_session_expiry_s);
  EXPECT_EQ(a.outbox_limit_bytes, b.outbox_limit_bytes);
  EXPECT_EQ(a.queue_limit_bytes, b.queue_limit_bytes);
  EXPECT_EQ(a.slow_reader_timeout, b.slow_reader_timeout);
  EXPECT_EQ(a.connect_timeout, b.connect_timeout);
  EXPECT_EQ(a.topic_cache_entries, b.topic_cache_entries);
  EXPECT_EQ(a.lease, b.lease);
  EXPECT_EQ(a.grant_wait, b.grant_wait);
  EXPECT_EQ(a.presence_user, b.presence_user);
  EXPECT_EQ(a.query_timeout, b.query_timeout);
}

TEST(Options, the_tables_presets_are_globals) {
  const global::Options a = global_options(default_config());
  const global::Options b;
  EXPECT_EQ(a.lease, b.lease);
  EXPECT_EQ(a.dead_after, b.dead_after);
  EXPECT_EQ(a.grace, b.grace);
  EXPECT_EQ(a.forget_after, b.forget_after);
  EXPECT_EQ(a.max_sessions, b.max_sessions);
  EXPECT_EQ(a.max_subscriptions, b.max_subscriptions);
  EXPECT_EQ(a.inbox_max_messages, b.inbox_max_messages);
  EXPECT_EQ(a.inbox_max_bytes, b.inbox_max_bytes);
  EXPECT_EQ(a.inboxes_max_bytes, b.inboxes_max_bytes);
  EXPECT_EQ(a.sync, b.sync);
}

TEST(Options, the_tables_presets_are_those_of_query_and_control) {
  const query::Options a = query_options(default_config());
  const query::Options b;
  EXPECT_EQ(a.workers, b.workers);
  EXPECT_EQ(a.threshold, b.threshold);
  EXPECT_EQ(a.queue_max, b.queue_max);
  EXPECT_EQ(a.slice_rows, b.slice_rows);
  EXPECT_EQ(a.limit_max, b.limit_max);
  EXPECT_EQ(a.deadline_max, b.deadline_max);
  EXPECT_EQ(a.links.heartbeat, b.links.heartbeat);
  EXPECT_EQ(a.links.liveness, b.links.liveness);
  EXPECT_EQ(a.links.window_bytes, b.links.window_bytes);
  EXPECT_EQ(control_options(default_config()).replicas, control::Options{}.replicas);
  EXPECT_EQ(store_options(default_config()).write_buffer, store::LeveldbOptions{}.write_buffer);
  EXPECT_EQ(store_options(default_config()).block_cache, store::LeveldbOptions{}.block_cache);
}

TEST(Options, one_shard_per_core_unless_it_is_said) {
  EXPECT_EQ(broker_options(default_config(), 8).shards, 8);
  EXPECT_EQ(broker_options(default_config(), 0).shards, 1);
  EXPECT_EQ(broker_options(default_config(), 1000).shards, 64);
  EXPECT_EQ(broker_options(with("broker.shards=3"), 8).shards, 3);
}

TEST(Options, every_upper_bound_fits_its_role) {
  for (const Field& field : fields()) {
    const size_t dots = field.bounds.find("..");
    if (dots == std::string_view::npos) continue;
    // Leases constrain each other; their types are all the same.
    if (field.name == "cluster.broker_lease") continue;
    const std::string high{field.bounds.substr(dots + 2)};
    const Config config = with(std::string{field.name} + "=" + high);
    broker_options(config, 2);
    global_options(config);
    query_options(config);
    control_options(config);
  }
}

TEST(Options, forever_is_all_ones) {
  EXPECT_EQ(broker_options(with("broker.max_session_expiry=90s"), 1).maximum_session_expiry_s, 90u);
  EXPECT_EQ(broker_options(with("broker.max_session_expiry=60000d"), 1).maximum_session_expiry_s,
            UINT32_MAX);
}

TEST(Options, a_door_without_a_level_has_the_listeners_durability) {
  using wire::Durability;
  ListenConfig listen{{"a:1", "[::1]:2=memory", "b:3=power"}, "process"};
  auto doors = broker_doors(listen);
  ASSERT_EQ(doors.size(), 3u);
  EXPECT_EQ(doors[0].address, "a:1");
  EXPECT_EQ(doors[0].durability, Durability::process);
  EXPECT_EQ(doors[1].address, "[::1]:2");
  EXPECT_EQ(doors[1].durability, Durability::memory);
  EXPECT_EQ(doors[2].durability, Durability::power);
  listen.durability = "";
  doors = broker_doors(listen);
  EXPECT_EQ(doors[0].durability, Durability::standard);
  EXPECT_EQ(doors[1].durability, Durability::memory);
}

TEST(Options, durability_power_means_sync) {
  EXPECT_TRUE(global_options(with("store.durability=power")).sync);
  EXPECT_FALSE(global_options(with("store.durability=process")).sync);
}

}  // namespace
}  // namespace muster::app
