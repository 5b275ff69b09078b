#include "broker/node_servers.hpp"

#include <algorithm>

namespace muster::broker {

void NodeServers::directory(const wire::Directory& directory) {
  servers_.clear();
  for (const wire::NodeInfo& node : directory.nodes) {
    if (node.role == wire::Role::query) servers_[node.name];
  }
  const size_t replicas = directory.replicas;
  if (replicas == 0 || directory.holders.size() < slot_count * replicas) {
    for (auto& [name, slots] : servers_) slots.set();  // no map yet: each holds everything
    return;
  }
  for (size_t at = 0; at < slot_count * replicas; ++at) {
    const uint8_t holder = directory.holders[at];
    if (holder >= directory.names.size()) continue;
    const auto found = servers_.find(directory.names[holder]);
    if (found != servers_.end()) found->second.set(at / replicas);
  }
}

std::string NodeServers::choose(const std::vector<std::string>& candidates) {
  return candidates.empty() ? std::string() : candidates[turn_++ % candidates.size()];
}

std::string NodeServers::pick(const wire::Query& query, const std::vector<std::string>& avoid) {
  const bool one = query.kind == wire::QueryKind::lookup && query.devices.size() == 1;
  const size_t slot = one ? static_cast<size_t>(slot_of(query.devices[0])) : 0;
  std::vector<std::string> good, usable;
  for (const auto& [name, slots] : servers_) {
    if (slots.none() || (one && !slots.test(slot)) || !desk_.links.up(name)) continue;
    if (std::find(avoid.begin(), avoid.end(), name) != avoid.end()) continue;
    (one || slots.all() ? good : usable).push_back(name);
  }
  return choose(good.empty() ? usable : good);
}

std::vector<NodeServers::Share> NodeServers::cover(SlotSet slots) {
  std::vector<std::string> whole;
  for (const auto& [name, held] : servers_) {
    if (desk_.links.up(name) && (slots & ~held).none()) whole.push_back(name);
  }
  if (!whole.empty()) return {{choose(whole), slots}};
  std::vector<Share> shares;
  while (slots.any()) {  // at most once for each server: the one that holds most comes first
    Share best;
    for (const auto& [name, held] : servers_) {
      if (!desk_.links.up(name) || (slots & held).count() <= best.slots.count()) continue;
      best = {name, slots & held};
    }
    if (best.slots.none()) break;
    slots &= ~best.slots;
    shares.push_back(std::move(best));
  }
  return shares;
}

}  // namespace muster::broker
