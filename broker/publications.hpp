#pragma once
// Publications on their way between the threads of one broker: packed one after the other into one
// buffer, so that a turn's worth travels as one allocation; large payloads stand beside it, one for
// all receivers. Between shards most travel as they came in, a span of packets at a time. Written
// by one thread, read by another.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"
#include "core/base/ids.hpp"
#include "core/base/slice.hpp"
#include "core/mqtt/packet.hpp"
#include "core/wire/groups.hpp"
#include "core/wire/messages.hpp"

namespace muster::broker {

// Payloads of at least this size are shared, not copied for each receiver: each keeps the buffer
// in which the payload stands, perhaps behind its packet's header.
constexpr size_t large_payload_bytes = 64 << 10;

struct PublicationView {
  BytesView topic;
  BytesView payload;
  BytesView properties;  // raw MQTT 5 property bytes, forwardable
  BytesView publisher;   // client id; not filled from shard to shard
  mqtt::Qos qos = mqtt::Qos::at_most_once;
  bool retain = false;
  wire::Durability door = wire::Durability::standard;  // for the Node and groups
  uint32_t expiry_s = UINT32_MAX;
  // shard -> Node, QoS > 0: answered by Taken, once per bit of `peers`. shard -> shard, retained:
  // RetainedOwn letters that the topic's shard got before.
  uint64_t token = 0;
  uint64_t peers = 0;            // shard -> Node: which nodes get it
  const Slice* large = nullptr;  // `payload`, if that is large
  // shard -> Node: QoS 2 of a persistent publisher, else 0 (wire::Publish).
  uint16_t packet_id = 0;
  Term term = Term::none;
  BytesView share = {};  // of which groups (core/wire/groups.hpp)
  wire::ShareWay way = wire::ShareWay::none;
};

// shard -> shard: successive plain packets (plain_packet.hpp) of one client, topic and QoS, as they
// came in.
struct PlainRun {
  BytesView packets;
  BytesView topic;  // stands in the first of them
  mqtt::Version version = mqtt::Version::v3_1_1;
  mqtt::Qos qos = mqtt::Qos::at_most_once;
  uint32_t count = 0;
  uint32_t payload = 0;  // bytes, of all
};

class Publications {
 public:
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  size_t capacity() const { return bytes_.capacity(); }
  void clear() { bytes_.clear(), large_.clear(); }  // keeps its capacity
  void append(const PublicationView& publication);
  void append(const PlainRun& run);

  // Calls visit(const PublicationView&) or visit_run(const PlainRun&) for each, in order; views die
  // with this object.
  template <class Visit, class VisitRun>
  void for_each(Visit&& visit, VisitRun&& visit_run) const {
    size_t at = 0;
    size_t large = 0;
    while (at < bytes_.size()) {
      if (is_run(at)) {
        visit_run(read_run(at));
      } else {
        visit(read(at, large));
      }
    }
  }
  // Where no runs come: at the Node.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each(visit, [](const PlainRun&) { MUSTER_CHECK(!"a run that is for a shard"); });
  }

 private:
  bool is_run(size_t at) const;
  PublicationView read(size_t& at, size_t& large) const;
  PlainRun read_run(size_t& at) const;
  Bytes bytes_;
  std::vector<Slice> large_;  // payloads, in order
};

}  // namespace muster::broker
