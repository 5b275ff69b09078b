#include "broker/routes.hpp"

#include <string>
#include <vector>

namespace muster::broker {

void Routes::drop_peer(uint8_t peer) {
  std::vector<std::string> filters;
  tree_.for_each([&](BytesView filter, Target target) {
    if (target == peer_target(peer)) filters.emplace_back(filter);
  });
  for (const std::string& filter : filters) remove_peer(filter, peer);
}

RouteSet Routes::match(BytesView topic) const {
  RouteSet set;
  tree_.match(topic, [&](Target target) {
    if (target < 64) {
      set.shards |= uint64_t{1} << target;
    } else {
      set.peers |= uint64_t{1} << (target - 64);
    }
  });
  return set;
}

}  // namespace muster::broker
