#pragma once
// OutgoingAliases: the topic aliases that we set towards one receiver (section 3.3.2.3.4). The
// first topics get them, as many as the receiver allows and we are ready to remember; all later
// ones go out whole. Owned by the connection. Memory: none until the first topic, then at most
// `maximum` topics.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/bytes.hpp"

namespace muster::mqtt {

class OutgoingAliases {
 public:
  explicit OutgoingAliases(uint16_t maximum) : maximum_(maximum) {}

  // Appends an encoded MQTT 5 PUBLISH (from encode_publish, whole topic, no alias) with an alias in
  // place of its topic, or that sets one; unchanged if none is left or if the packet would become
  // larger than `largest`. The last `tail` bytes of its payload are not there: the caller appends
  // them. To be called once for each packet that is really sent, in order.
  void append(BytesView publish, size_t tail, size_t largest, Bytes& out);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  uint16_t maximum_;
  std::unordered_map<std::string, uint16_t, Hash, std::equal_to<>> topics_;
};

}  // namespace muster::mqtt
