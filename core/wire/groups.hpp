#pragma once
// Shared subscriptions (section 4.8.2) between servers. A group is named by its whole filter,
// "$share/<group>/<filter>". Whoever publishes picks one owner of each group that matches, a shard,
// a broker or global, by the number of its members; the owner picks the member. Plain values.

#include <cstdint>
#include <string>

namespace muster::wire {

// What one shard or node has of a group. All zero: nothing, any more.
struct GroupRoute {
  std::string name;
  uint32_t members = 0;       // connected, that take what has QoS > 0 from this owner
  uint32_t members_qos0 = 0;  // the same for QoS 0
  uint32_t away = 0;          // not connected: they take QoS > 0 if there is nobody else
  bool operator==(const GroupRoute&) const = default;
};

// Whom a publication is for.
enum class ShareWay : uint8_t {
  none = 0,    // all but groups
  one = 1,     // one member of the named group; an owner without members passes it on
  passed = 2,  // the same, passed on already: without members global's get it, or nobody
  others = 3,  // one member of each group that matches, but not of the named (U+0000 between)
};

}  // namespace muster::wire
