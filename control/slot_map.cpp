#include "control/slot_map.hpp"

#include <algorithm>
#include <string_view>

namespace muster::control {

namespace {

constexpr uint8_t nobody = 255;

// FNV-1a over the name, then the finalizer of SplitMix64: the same on every machine.
uint64_t weight(std::string_view server, uint16_t slot) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : server) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3;
  }
  hash += (uint64_t{slot} + 1) * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

}  // namespace

SlotMap::SlotMap(std::vector<Server> servers, uint8_t replicas)
    : servers_(std::move(servers)), replicas_(replicas) {
  if (servers_.size() > nobody) servers_.resize(nobody);
  holders_.assign(size_t{slot_count} * replicas_, nobody);
  const size_t count = std::min<size_t>(replicas_, servers_.size());
  std::vector<std::pair<uint64_t, uint8_t>> ranking(servers_.size());
  for (uint16_t slot = 0; slot < slot_count; ++slot) {
    for (size_t at = 0; at < servers_.size(); ++at)
      ranking[at] = {weight(servers_[at].name, slot), static_cast<uint8_t>(at)};
    std::sort(ranking.rbegin(), ranking.rend());
    // Who holds it is decided by weight alone; who is asked first also by the pool.
    const auto end = ranking.begin() + static_cast<std::ptrdiff_t>(count);
    std::stable_partition(ranking.begin(), end,
                          [&](const auto& entry) { return servers_[entry.second].in_pool; });
    for (size_t at = 0; at < count; ++at) {
      holders_[size_t{slot} * replicas_ + at] = ranking[at].second;
      slots_[servers_[ranking[at].second].name].set(slot);
    }
  }
}

const SlotSet& SlotMap::slots_of(const std::string& server) const {
  static const SlotSet none;
  const auto it = slots_.find(server);
  return it == slots_.end() ? none : it->second;
}

void SlotMap::fill(wire::Directory& directory) const {
  directory.replicas = replicas_;
  directory.names.clear();
  directory.holders.clear();
  if (servers_.empty()) return;  // no map yet
  for (const Server& server : servers_) directory.names.push_back(server.name);
  directory.holders = holders_;
}

}  // namespace muster::control
