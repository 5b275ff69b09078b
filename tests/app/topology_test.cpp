#include "app/topology.hpp"

#include <gtest/gtest.h>

#include "app/config_fields.hpp"

namespace muster::app {
namespace {

Config cluster_config() {
  Config config = default_config();
  config.cluster.control = "tcp://127.0.0.1:7100";
  config.cluster.endpoint = "tcp://127.0.0.1:7140";
  return config;
}

TEST(Topology, a_node_has_a_port_and_the_next_one) {
  const auto node = cluster_node(cluster_config(), wire::Role::broker);
  ASSERT_TRUE(node);
  EXPECT_EQ(node->name, "broker");
  EXPECT_EQ(node->talk, "tcp://127.0.0.1:7140");
  EXPECT_EQ(node->bulk, "tcp://127.0.0.1:7141");
  EXPECT_EQ(cluster_control(cluster_config()).bulk, "tcp://127.0.0.1:7101");
}

TEST(Topology, control_listens_where_everybody_looks_for_it) {
  Config config = cluster_config();
  config.cluster.endpoint.clear();
  EXPECT_EQ(*cluster_node(config, wire::Role::control), cluster_control(config));
}

TEST(Topology, what_is_missing_is_named) {
  Config config = cluster_config();
  config.cluster.endpoint.clear();
  EXPECT_EQ(cluster_node(config, wire::Role::query).error(), "cluster.endpoint must be set");
  config.cluster.control.clear();
  EXPECT_EQ(cluster_node(config, wire::Role::query).error(), "cluster.control must be set");
}

TEST(Topology, ports_must_be_known_and_leave_room_for_two) {
  Config config = cluster_config();
  config.cluster.endpoint = "tcp://127.0.0.1:65535";
  EXPECT_EQ(cluster_node(config, wire::Role::broker).error(),
            "cluster.endpoint: two fixed ports are needed, not 65535");
  config.cluster.endpoint = "inproc://broker";
  EXPECT_EQ(cluster_node(config, wire::Role::broker).error(),
            "cluster.endpoint: inproc://broker does not leave the process");
}

TEST(Topology, control_and_global_have_their_names) {
  Config config = cluster_config();
  config.node.name = "hub";
  EXPECT_EQ(cluster_node(config, wire::Role::global).error(),
            "node.name: a cluster's global is named global");
  EXPECT_EQ(cluster_node(config, wire::Role::broker)->name, "hub");
}

TEST(Topology, up_has_all_roles_and_two_query_servers) {
  std::vector<std::string> names;
  for (const wire::NodeInfo& node : local_nodes(default_config())) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"control", "global", "query-1", "query-2", "broker"}));
  EXPECT_EQ(local_node("global", wire::Role::global).talk, "inproc://global-talk");
}

}  // namespace
}  // namespace muster::app
