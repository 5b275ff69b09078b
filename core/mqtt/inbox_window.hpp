#pragma once
// InboxWindow: the inbox entries of one persistent session that its device has been sent and has
// not acknowledged. The packet identifier follows from the entry's number, so that another broker
// resends under the same one: 1 + number mod 65,535 (protocol.md, Sessions). Owned by the session.
// Memory: none until the first entry, then 1 to 2 bytes for each number between the oldest and the
// newest entry under way, at most 64 KiB.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/check.hpp"
#include "core/mqtt/packet.hpp"

namespace muster::mqtt {

class InboxWindow {
 public:
  enum class State : uint8_t {
    none,
    awaits_puback,   // QoS 1
    awaits_pubrec,   // QoS 2, PUBLISH sent
    awaits_store,    // QoS 2, PUBREC came: PUBREL goes out once that is stored
    awaits_pubcomp,  // QoS 2, PUBREL sent: "released"
  };

  // So many numbers, and no more, lie between the oldest and the newest entry under way.
  static constexpr uint64_t span_limit = 65'535;

  static uint16_t packet_id_of(uint64_t number) {
    return static_cast<uint16_t>(1 + number % span_limit);
  }

  // `window`: the Receive Maximum of the receiver, at least 1.
  explicit InboxWindow(uint16_t window = UINT16_MAX) : window_(window) { MUSTER_CHECK(window > 0); }

  // May the entry with this number be sent now? It waits while the receiver's window is full or
  // the oldest entry under way is too far behind.
  bool may_start(uint64_t number) const {
    return count_ < window_ && (count_ == 0 || number - oldest_ < span_limit);
  }

  // Notes an entry as sent and gives its packet identifier. Numbers rise; state: what it awaits.
  uint16_t start(uint64_t number, State state);

  // The device answered PUBACK, PUBREC or PUBCOMP: the entry's number, or nothing when no entry
  // awaits this answer (0x92 for PUBREC and PUBCOMP). PUBREC moves the entry to awaits_store, or
  // ends it when `reason` is a refusal (4.3.3); PUBACK and PUBCOMP end it.
  std::optional<uint64_t> answered(PacketType answer, uint16_t packet_id, Reason reason);

  // It is stored that PUBREC came: the packet identifier to release, 0 if it did not await that.
  uint16_t stored(uint64_t number);

  // Is there an entry, and what does it await?
  State state(uint16_t packet_id) const;

  uint16_t in_flight() const { return count_; }
  // The oldest number under way; only when in_flight() > 0.
  uint64_t oldest() const { return oldest_; }

 private:
  uint64_t number_of(uint16_t packet_id) const;
  State& slot(uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
  State slot(uint64_t number) const { return ring_[number & (ring_.size() - 1)]; }
  void reserve(uint64_t span);
  void finish(uint64_t number);

  std::vector<State> ring_;  // by number; a power of two, or empty
  uint64_t oldest_ = 0;
  uint64_t newest_ = 0;
  uint16_t count_ = 0;
  uint16_t window_;
};

}  // namespace muster::mqtt
