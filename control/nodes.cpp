#include "control/nodes.hpp"

#include <algorithm>

namespace muster::control {

bool Nodes::up(Now now, const wire::NodeInfo& info) {
  const auto [it, is_new] = nodes_.try_emplace(info.name);
  const bool changed = is_new || it->second.info != info;
  it->second = Node{info, true, now.mono};
  if (is_new) make_room();
  return changed;
}

void Nodes::down(Now now, const std::string& name) {
  const auto it = nodes_.find(name);
  if (it == nodes_.end() || !it->second.up) return;
  it->second.up = false;
  it->second.down_since = now.mono;
}

void Nodes::make_room() {
  if (nodes_.size() <= nodes_max_) return;
  auto oldest = nodes_.end();
  for (auto it = nodes_.begin(); it != nodes_.end(); ++it) {
    if (it->second.up) continue;
    if (oldest == nodes_.end() || it->second.down_since < oldest->second.down_since) oldest = it;
  }
  if (oldest != nodes_.end()) nodes_.erase(oldest);
}

bool Nodes::is_up(const std::string& name) const {
  const auto it = nodes_.find(name);
  return it != nodes_.end() && it->second.up;
}

std::vector<wire::NodeInfo> Nodes::list() const {
  std::vector<wire::NodeInfo> list;
  for (const auto& [name, node] : nodes_) list.push_back(node.info);
  return list;
}

size_t Nodes::up_count() const {
  return static_cast<size_t>(std::count_if(nodes_.begin(), nodes_.end(),
                                           [](const auto& entry) { return entry.second.up; }));
}

std::vector<std::string> Nodes::query_servers(Now now, Duration grace) const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_) {
    if (node.info.role != wire::Role::query) continue;
    if (node.up || now.mono < node.down_since + grace) names.push_back(name);
  }
  return names;
}

Instant Nodes::next_loss(Now now, Duration grace) const {
  Instant next = never;
  for (const auto& [name, node] : nodes_) {
    if (node.info.role != wire::Role::query || node.up) continue;
    if (now.mono < node.down_since + grace) next = std::min(next, node.down_since + grace);
  }
  return next;
}

}  // namespace muster::control
