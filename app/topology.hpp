#pragma once
// Who sits where: names and endpoints of the nodes that this process runs, and whom they know from
// the start. All of a cluster know control; its directory brings the rest. Pure, start-up.

#include <string>
#include <vector>

#include "app/config.hpp"
#include "core/base/expected.hpp"
#include "core/wire/node.hpp"

namespace muster::app {

constexpr const char* control_name = "control";
constexpr const char* global_name = "global";
constexpr int query_servers_of_up = 2;  // one is no replica

// The node that a cluster's configuration describes; its incarnation is still to be drawn. The
// error is one line: what the role needs and the configuration lacks.
Expected<wire::NodeInfo, std::string> cluster_node(const Config& config, wire::Role role);
// Control, as every node of a cluster is told.
wire::NodeInfo cluster_control(const Config& config);

// A node of `muster up`, reachable inside the process only.
wire::NodeInfo local_node(const std::string& name, wire::Role role);
// Every node of `muster up` in the order in which they start.
std::vector<wire::NodeInfo> local_nodes(const Config& config);

}  // namespace muster::app
