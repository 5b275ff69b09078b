#pragma once
// Publications on their way between the threads of one broker: packed one after the other into one
// buffer, so that a turn's worth travels as one allocation; large payloads stand beside it, one for
// all receivers. Most travel as they came in, a span of packets at a time. Written by one thread,
// read by another.

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"
#include "core/base/ids.hpp"
#include "core/base/slice.hpp"
#include "core/mqtt/plain_packet.hpp"
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

// Successive plain packets of one client and topic, as they came in.
struct PublicationRun : mqtt::PlainRun {
  BytesView publisher = {};  // client id; not filled from shard to shard
  // shard -> Node: as in a PublicationView; the token is that of the first, the others' follow it.
  wire::Durability door = wire::Durability::standard;
  uint64_t token = 0;
  uint64_t peers = 0;
};

class Publications {
 public:
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  size_t capacity() const { return bytes_.capacity(); }
  void clear() { bytes_.clear(), large_.clear(); }  // keeps its capacity
  void append(const PublicationView& publication);
  void append(const PublicationRun& run);

  // Calls visit(const PublicationView&) or visit_run(const PublicationRun&) for each, in order;
  // views die with this object.
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
  // Where no runs are.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for_each(visit, [](const PublicationRun&) { MUSTER_CHECK(!"a run, where none may be"); });
  }

 private:
  bool is_run(size_t at) const;
  PublicationView read(size_t& at, size_t& large) const;
  PublicationRun read_run(size_t& at) const;
  Bytes bytes_;
  std::vector<Slice> large_;  // payloads, in order
};

}  // namespace muster::broker
