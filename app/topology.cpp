#include "app/topology.hpp"

#include <fmt/format.h>

#include "core/base/check.hpp"
#include "core/net/address.hpp"

namespace muster::app {
namespace {

constexpr uint16_t highest_port = 65535;

// The endpoint's own port is for talk, the next one for bulk.
Expected<wire::NodeInfo, std::string> with_endpoint(wire::NodeInfo node, const std::string& key,
                                                    const std::string& endpoint) {
  if (endpoint.empty()) return Unexpected{fmt::format("{} must be set", key)};
  if (endpoint.starts_with("inproc://")) {
    return Unexpected{fmt::format("{}: {} does not leave the process", key, endpoint)};
  }
  auto address = net::parse_address(endpoint.substr(6));
  MUSTER_CHECK(address);  // the configuration's table has looked at it
  if (address->port == 0 || address->port == highest_port) {
    return Unexpected{fmt::format("{}: two fixed ports are needed, not {}", key, address->port)};
  }
  node.talk = "tcp://" + net::to_string(*address);
  ++address->port;
  node.bulk = "tcp://" + net::to_string(*address);
  return node;
}

// There is one control and one global; peers know them by these names.
const char* fixed_name(wire::Role role) {
  switch (role) {
    case wire::Role::control:
      return control_name;
    case wire::Role::global:
      return global_name;
    case wire::Role::query:
      return nullptr;
    case wire::Role::broker:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

Expected<wire::NodeInfo, std::string> cluster_node(const Config& config, wire::Role role) {
  wire::NodeInfo node;
  node.role = role;
  node.name = config.node.name.empty() ? wire::to_string(role) : config.node.name;
  const char* fixed = fixed_name(role);
  if (fixed && node.name != fixed) {
    return Unexpected{fmt::format("node.name: a cluster's {0} is named {0}", fixed)};
  }
  if (const auto control = with_endpoint({}, "cluster.control", config.cluster.control); !control) {
    return Unexpected{control.error()};
  }
  const std::string& endpoint = config.cluster.endpoint;
  if (role == wire::Role::control && endpoint.empty()) return cluster_control(config);
  return with_endpoint(std::move(node), "cluster.endpoint", endpoint);
}

wire::NodeInfo cluster_control(const Config& config) {
  wire::NodeInfo control;
  control.name = control_name;
  control.role = wire::Role::control;
  return with_endpoint(std::move(control), "cluster.control", config.cluster.control).value();
}

wire::NodeInfo local_node(const std::string& name, wire::Role role) {
  wire::NodeInfo node;
  node.name = name;
  node.role = role;
  node.talk = fmt::format("inproc://{}-talk", name);
  node.bulk = fmt::format("inproc://{}-bulk", name);
  return node;
}

std::vector<wire::NodeInfo> local_nodes(const Config& config) {
  std::vector<wire::NodeInfo> nodes;
  nodes.push_back(local_node(control_name, wire::Role::control));
  nodes.push_back(local_node(global_name, wire::Role::global));
  for (int i = 1; i <= query_servers_of_up; ++i) {
    nodes.push_back(local_node(fmt::format("query-{}", i), wire::Role::query));
  }
  const std::string& name = config.node.name;
  nodes.push_back(local_node(name.empty() ? "broker" : name, wire::Role::broker));
  return nodes;
}

}  // namespace muster::app
