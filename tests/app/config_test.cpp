#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/config_docs.hpp"
#include "app/config_fields.hpp"
#include "app/config_load.hpp"
#include "app/config_values.hpp"
#include "app/nearest.hpp"

namespace muster::app {
namespace {

Expected<Config, Problems> from_toml(const std::string& text) {
  ConfigBuilder builder;
  apply_toml(builder, text, "muster.toml");
  return builder.finish();
}

Expected<Config, Problems> from_flag(const std::string& flag) {
  return load_config({.file = "", .flags = {{"--set", flag}}, .environment = {}});
}

std::string only_problem(const Expected<Config, Problems>& result) {
  if (result) return "no problem";
  return result.error().size() == 1 ? result.error().front() : "several problems";
}

TEST(Config, every_preset_is_within_its_own_bounds) {
  const Config config = default_config();
  EXPECT_EQ(config.listen.mqtt, std::vector<std::string>{"127.0.0.1:1883"});
  EXPECT_EQ(config.cluster.lease, std::chrono::seconds{3});
  EXPECT_EQ(config.broker.max_packet.bytes, 268'435'460u);
  EXPECT_EQ(config.broker.max_session_expiry, forever);
}

TEST(Config, every_section_has_a_sentence_and_names_are_unique) {
  for (const Field& field : fields()) {
    EXPECT_FALSE(section_sentence(field.section()).empty()) << field.name;
    EXPECT_EQ(find_field(field.name), &field);
  }
}

TEST(Config, a_file_sets_values) {
  const auto config = from_toml(R"(
[listen]
mqtt = ["[::1]:1884"]
[broker]
shards = 4
outbox = "1MiB"
max_packet = 65536
[presence]
grace = "1500ms"
user = "%c"
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen.mqtt, (std::vector<std::string>{"[::1]:1884"}));
  EXPECT_EQ(config->broker.shards, 4u);
  EXPECT_EQ(config->broker.outbox.bytes, 1u << 20);
  EXPECT_EQ(config->broker.max_packet.bytes, 65536u);
  EXPECT_EQ(config->presence.grace, std::chrono::milliseconds{1500});
  EXPECT_EQ(config->presence.user, "%c");
}

TEST(Config, problems_say_where_and_what) {
  const std::pair<const char*, const char*> cases[] = {
      {"[broker]\nshrads = 4\n",
       "muster.toml:2:1: unknown key \"broker.shrads\", did you mean \"broker.shards\"?"},
      {"[broker]\n  grace = \"1s\"\n",
       "muster.toml:2:3: unknown key \"broker.grace\", did you mean \"presence.grace\"?"},
      {"[brokre]\nshards = 4\n",
       "muster.toml:1:2: unknown section \"brokre\", did you mean \"broker\"?"},
      {"[zzz]\n", "muster.toml:1:2: unknown section \"zzz\""},
      {"shards = 4\n", "muster.toml:1:1: unknown key \"shards\", did you mean \"broker.shards\"?"},
      {"[broker]\nshards = 65\n", "muster.toml:2:10: broker.shards: 65 is outside 0 to 64"},
      {"[broker]\nshards = -1\n",
       "muster.toml:2:10: broker.shards: expected a whole number, not \"-1\""},
      {"[broker]\nshards = \"4\"\n", "muster.toml:2:10: broker.shards: expected a whole number"},
      {"[broker]\noutbox = \"lots\"\n",
       "muster.toml:2:10: broker.outbox: expected a size such as 16MiB, not \"lots\""},
      {"[presence]\ngrace = 3\n", "muster.toml:2:9: presence.grace: expected a string"},
      {"[presence]\nuser = \"%x\"\n",
       "muster.toml:2:8: presence.user: expected one of %u|%c, not \"%x\""},
      {"[listen]\nmqtt = [\"1883\"]\n",
       "muster.toml:2:8: listen.mqtt: expected HOST:PORT, not \"1883\""},
      {"[listen]\nmqtt = [1883]\n", "muster.toml:2:9: listen.mqtt: expected strings"},
      {"[listen]\nmqtt = 1883\n", "muster.toml:2:8: listen.mqtt: expected a list of strings"},
      {"[listen]\nmqtt = []\n", "muster.toml:2:8: listen.mqtt: expected 1 to 8 addresses, not 0"},
      {"[listen]\nmqtt = "
       "[\"a:1\",\"a:2\",\"a:3\",\"a:4\",\"a:5\",\"a:6\",\"a:7\",\"a:8\",\"a:9\"]\n",
       "muster.toml:2:8: listen.mqtt: expected 1 to 8 addresses, not 9"},
      {"[listen]\nmqtt = [\"a:1\", \"b:1\", \"a:1=power\"]\n",
       "muster.toml:2:8: listen.mqtt: a:1 is there twice"},
      {"[listen]\nmqtt = [\"a:1\", \"\"]\n",
       "muster.toml:2:16: listen.mqtt: an empty string among others"},
      {"[listen]\nmqtt = [\"a:1=ram\"]\n",
       "muster.toml:2:8: listen.mqtt: expected HOST:PORT=memory, HOST:PORT=process or "
       "HOST:PORT=power, not \"a:1=ram\""},
      {"[listen]\nmqtt = [\"a:1=\"]\n",
       "muster.toml:2:8: listen.mqtt: expected HOST:PORT=memory, HOST:PORT=process or "
       "HOST:PORT=power, not \"a:1=\""},
      {"[listen]\nmqtt = [\"1883=memory\"]\n",
       "muster.toml:2:8: listen.mqtt: expected HOST:PORT=memory, HOST:PORT=process or "
       "HOST:PORT=power, not \"1883=memory\""},
      {"[store]\ntopics = [\"a/#=ram\"]\n",
       "muster.toml:2:10: store.topics: expected FILTER=memory, FILTER=process or FILTER=power, "
       "not "
       "\"a/#=ram\""},
      {"[listen]\ndurability = \"ram\"\n",
       "muster.toml:2:14: listen.durability: expected one of |memory|process|power, not \"ram\""},
      {"[node]\ndata = \"\"\n", "muster.toml:2:8: node.data: expected a path, not \"\""},
      {"[cluster]\nlease = \"1s\"\n",
       "muster.toml:2:9: cluster.lease must be longer than cluster.broker_lease"},
      {"[cluster]\ncontrol = \"tcp://10.0.0.1:7000\"\n",
       "muster.toml:2:11: cluster.control: tcp://10.0.0.1:7000 is not loopback and needs "
       "cluster.key (see `muster keys`)"},
      {"[cluster]\ncontrol = \"10.0.0.1:7000\"\n",
       "muster.toml:2:11: cluster.control: expected tcp://HOST:PORT, not \"10.0.0.1:7000\""},
      {"[node]\nname = \"a b\"\n",
       "muster.toml:2:8: node.name: expected at most 64 letters, digits, \"-\", \"_\" or \".\", "
       "not "
       "\"a b\""},
  };
  for (const auto& [text, problem] : cases) EXPECT_EQ(only_problem(from_toml(text)), problem);
}

TEST(Config, up_to_eight_addresses_each_with_its_level) {
  const auto config = from_toml(R"(
[listen]
mqtt = ["a:1", "[::1]:2=memory", "*:3=process", "b:0", "b:0=power", "a:6", "a:7", "a:8"]
durability = "process"
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen.mqtt.size(), 8u);
  EXPECT_EQ(config->listen.mqtt[1], "[::1]:2=memory");
  const auto flag = from_flag("listen.mqtt=a:1=memory,b:1");
  ASSERT_TRUE(flag);
  EXPECT_EQ(flag->listen.mqtt, (std::vector<std::string>{"a:1=memory", "b:1"}));
}

TEST(Config, broken_toml_is_told_with_its_place) {
  const auto result = from_toml("[broker]\nshards = = 4\n");
  ASSERT_FALSE(result);
  EXPECT_TRUE(only_problem(result).starts_with("muster.toml:2:10: ")) << only_problem(result);
}

TEST(Config, all_problems_of_a_file_are_told) {
  const auto result = from_toml("[broker]\nshards = 99\noutbox = \"?\"\n[log]\nlevel = \"loud\"\n");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().size(), 3u);
}

TEST(Config, environment_wins_over_the_file_and_flags_over_both) {
  ConfigBuilder builder;
  apply_toml(builder, "[broker]\nshards = 1\nreceive_maximum = 10\n", "muster.toml");
  builder.apply_environment([](const std::string& name) -> std::optional<std::string> {
    if (name == "MUSTER_BROKER_SHARDS") return "2";
    if (name == "MUSTER_LISTEN_MQTT") return "a:1";
    return std::nullopt;
  });
  builder.apply_flag({"--set", "broker.shards=3"});
  const auto config = builder.finish();
  ASSERT_TRUE(config);
  EXPECT_EQ(config->broker.shards, 3u);
  EXPECT_EQ(config->broker.receive_maximum, 10u);
  EXPECT_EQ(config->listen.mqtt, (std::vector<std::string>{"a:1"}));
}

TEST(Config, bad_flags_are_told) {
  EXPECT_EQ(only_problem(from_flag("broker.shard=1")),
            "--set: unknown key \"broker.shard\", did you mean \"broker.shards\"?");
  EXPECT_EQ(only_problem(from_flag("broker.shards")), "--set: expected broker.shards=VALUE");
  EXPECT_EQ(only_problem(from_flag("broker.shards=many")),
            "--set: broker.shards: expected a whole number, not \"many\"");
}

TEST(Config, a_missing_file_is_told) {
  const auto result = load_config({.file = "/nowhere/muster.toml", .flags = {}, .environment = {}});
  EXPECT_EQ(only_problem(result),
            "/nowhere/muster.toml: cannot be read: No such file or directory");
}

TEST(Config, differences_name_the_fields) {
  const auto after = from_flag("log.level=debug");
  ASSERT_TRUE(after);
  EXPECT_EQ(differences(default_config(), *after), std::vector<std::string>{"log.level"});
}

TEST(Config, quantities_do_not_overflow) {
  EXPECT_EQ(parse_bytes("8388608TiB"), std::nullopt);
  EXPECT_EQ(parse_duration("9223372036854775807d"), std::nullopt);
  EXPECT_EQ(parse_duration("ms"), std::nullopt);
  EXPECT_EQ(parse_duration("5"), std::nullopt);
  EXPECT_EQ(parse_count("18446744073709551616"), std::nullopt);
}

TEST(Config, endpoints) {
  for (const char* good : {"tcp://127.0.0.1:7100", "tcp://[::1]:7100", "inproc://global"}) {
    EXPECT_TRUE(is_endpoint(good)) << good;
    EXPECT_FALSE(leaves_the_machine(good)) << good;
  }
  EXPECT_TRUE(leaves_the_machine("tcp://0.0.0.0:7100"));
  EXPECT_TRUE(leaves_the_machine("tcp://*:7100"));
  for (const char* bad : {"", "127.0.0.1:7100", "tcp://host", "inproc://", "udp://host:1"}) {
    EXPECT_FALSE(is_endpoint(bad)) << bad;
  }
}

TEST(Nearest, counts_edits) {
  EXPECT_EQ(edit_distance("shards", "shards"), 0u);
  EXPECT_EQ(edit_distance("shrads", "shards"), 1u);
  EXPECT_EQ(edit_distance("shard", "shards"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(ConfigDocs, the_committed_page_is_the_generated_one) {
  // An environment variable and not a definition: work trees share the compiler's cache.
  const char* root = std::getenv("MUSTER_SOURCE_DIR");
  std::ifstream file{std::string(root == nullptr ? "." : root) + "/docs/configuration.md"};
  std::ostringstream committed;
  committed << file.rdbuf();
  EXPECT_TRUE(committed.str() == configuration_page())
      << "make it anew: muster config-docs >docs/configuration.md";
}

}  // namespace
}  // namespace muster::app
