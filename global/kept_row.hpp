#pragma once
// A wire::DeviceRow as it is kept by the million: texts take what they need, and a user that is
// named like its device takes nothing. Plain values; owned by a Device. device() stays where it is
// for good: maps may be keyed by it.

#include <cstdint>

#include "core/base/texts.hpp"
#include "core/wire/rows.hpp"

namespace muster::global {

class KeptRow {
 public:
  explicit KeptRow(BytesView device) : device_({device}) {}
  explicit KeptRow(const wire::DeviceRow& row);

  BytesView device() const { return device_[0]; }
  BytesView user() const { return user_is_device_ ? device() : texts_[0]; }
  BytesView address() const { return texts_[1]; }
  BytesView broker_name() const { return texts_[2]; }
  void name(BytesView user, BytesView address, BytesView broker_name);
  wire::DeviceRow whole() const;

  Incarnation broker = Incarnation::none;
  Serial serial = Serial::none;
  Term term = Term::none;
  int64_t since_ms = 0;
  int64_t last_seen_ms = 0;
  uint16_t keep_alive_s = 0;
  uint8_t protocol = 0;
  bool connected = false;
  bool persistent = false;
  wire::GoneReason why = wire::GoneReason::none;

 private:
  bool user_is_device_ = false;
  Texts<1> device_;
  Texts<3> texts_;  // user, address, broker's name
};

}  // namespace muster::global
