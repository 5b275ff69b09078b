#pragma once
// Publications on their way between the threads of one broker: packed one after the other into one
// buffer, so that a turn's worth travels as one allocation. Written by one thread, read by another.

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::broker {

struct PublicationView {
  BytesView topic;
  BytesView payload;
  BytesView properties;  // raw MQTT 5 property bytes, forwardable
  BytesView publisher;   // client id; only filled towards global
  mqtt::Qos qos = mqtt::Qos::at_most_once;
  bool retain = false;
  uint32_t expiry_s = UINT32_MAX;
  uint64_t token = 0;  // shard -> Node, QoS > 0: answered by Taken, once per bit of `peers`
  uint64_t peers = 0;  // shard -> Node: which nodes get it
};

class Publications {
 public:
  bool empty() const { return bytes_.empty(); }
  size_t size_bytes() const { return bytes_.size(); }
  void append(const PublicationView& publication);
  void clear() { bytes_.clear(); }

  // Calls visit(const PublicationView&) for each, in order; views die with this object.
  template <class Visit>
  void for_each(Visit&& visit) const {
    size_t at = 0;
    while (at < bytes_.size()) visit(read(at));
  }

 private:
  PublicationView read(size_t& at) const;
  Bytes bytes_;
};

}  // namespace muster::broker
