#pragma once
// One device row and what global knows of its newest connection beside it; and a list of rows:
// those connected to one broker in the order of their last claim, or those offline in the order of
// their end. Plain values with links between them: a Device stays where it is made. Owned by
// Devices.

#include <cstdint>
#include <utility>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "global/connection.hpp"
#include "global/kept_row.hpp"

namespace muster::global {

class DeviceList;

inline Instant began_at(const wire::Claim& claim) {
  return Instant(Duration(claim.connected_us));
}

struct Device {
  explicit Device(KeptRow of) : row(std::move(of)) {}

  KeptRow row;
  uint64_t number = 0;  // of the row's newest log entry; 0: none yet

  // The youngest connection that ever claimed. Its beginning, on our clock, is not known for what
  // was loaded at start.
  Connection newest;
  Instant newest_began{};
  bool newest_known = false;

  // It dropped and is shown as online until its grace is over.
  bool dropped = false;
  wire::GoneReason drop_reason = wire::GoneReason::none;
  uint32_t listing = 0;  // the broker's list of live connections that named it last
  int64_t drop_ms = 0;

  Instant forget_at{};  // an offline row; later if it has a session then

  DeviceList* list = nullptr;  // its broker's, or that of offline rows
  Device* before = nullptr;
  Device* after = nullptr;

  Connection connection() const { return {row.broker, row.serial}; }
  bool is_at(const Connection& other) const { return row.connected && connection() == other; }
};

class DeviceList {
 public:
  DeviceList() = default;
  DeviceList(const DeviceList&) = delete;
  DeviceList& operator=(const DeviceList&) = delete;

  Device* front() const { return first_; }
  size_t size() const { return size_; }

  void push_back(Device& device) {
    remove(device);
    device.list = this;
    device.before = last_;
    (last_ ? last_->after : first_) = &device;
    last_ = &device;
    ++size_;
  }
  static void remove(Device& device) {
    if (!device.list) return;
    DeviceList& list = *device.list;
    (device.before ? device.before->after : list.first_) = device.after;
    (device.after ? device.after->before : list.last_) = device.before;
    --list.size_;
    device.list = nullptr;
    device.before = device.after = nullptr;
  }

 private:
  Device* first_ = nullptr;
  Device* last_ = nullptr;
  size_t size_ = 0;
};

}  // namespace muster::global
