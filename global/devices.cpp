#include "global/devices.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include "core/wire/codec.hpp"
#include "global/keys.hpp"

namespace muster::global {
namespace {

using wire::GoneReason;

// A goodbye that was meant is no flapping.
bool has_grace(GoneReason reason) {
  return reason == GoneReason::connection_lost || reason == GoneReason::keep_alive_timeout ||
         reason == GoneReason::protocol_error || reason == GoneReason::server_shutdown;
}

// How long the end of a connection is not shown. Whoever took it over claims it in a moment, be it
// after a restart of global that has forgotten who waited.
Duration grace_of(GoneReason reason, const Options& options) {
  if (reason == GoneReason::taken_over) return std::max(options.grace, options.lease);
  return has_grace(reason) ? options.grace : Duration::zero();
}

}  // namespace

bool Devices::load(BytesView value) {
  auto entry = wire::decode_row(value);
  if (!entry || !std::holds_alternative<wire::DeviceRow>(entry->row)) return false;
  Device& device = add(KeptRow(std::get<wire::DeviceRow>(entry->row)));
  device.number = entry->number;
  device.newest = device.connection();
  if (device.row.connected) ++connected_;
  log_.loaded(entry->slot, entry->number);
  return true;
}

void Devices::start(Now now, Brokers& brokers) {
  std::vector<Device*> offline;
  for (Rows& rows : slots_) {
    for (auto& [client_id, device] : rows) {
      if (device.row.connected) {
        brokers.ensure(device.row.broker, Bytes(device.row.broker_name()));
        brokers.find(device.row.broker)->devices.push_back(device);
      } else {
        offline.push_back(&device);
      }
    }
  }
  std::sort(offline.begin(), offline.end(), [](const Device* a, const Device* b) {
    return std::tie(a->row.last_seen_ms, a->number) < std::tie(b->row.last_seen_ms, b->number);
  });
  for (Device* device : offline) {
    const auto age = std::chrono::milliseconds(now.wall.ms - device->row.last_seen_ms);
    const Duration left =
        std::clamp<Duration>(options_.forget_after - age, Duration::zero(), options_.forget_after);
    device->forget_at = now.mono + left;
    gone_.push_back(*device);
  }
}

Device& Devices::add(KeptRow row) {
  const BytesView name = row.device();
  const auto placed =
      slots_[static_cast<uint16_t>(slot_of(name))].try_emplace(name, std::move(row));
  if (placed.second) ++size_;
  return placed.first->second;
}

Device& Devices::find_or_add(const std::string& client_id) {
  if (Device* known = find(client_id)) return *known;
  return add(KeptRow(client_id));
}

Device* Devices::find(BytesView client_id) {
  Rows& rows = slots_[static_cast<uint16_t>(slot_of(client_id))];
  const auto found = rows.find(client_id);
  return found == rows.end() ? nullptr : &found->second;
}

Age Devices::age_of(const Device* device, const Connection& connection, Instant began) const {
  if (!device || device->newest.broker == Incarnation::none) return Age::younger;
  if (device->newest == connection) return Age::same;
  // Serial numbers of one broker rise, whatever is known of the times.
  if (device->newest.broker == connection.broker) {
    return connection.serial > device->newest.serial ? Age::younger : Age::older;
  }
  if (device->newest_known) return began < device->newest_began ? Age::older : Age::younger;
  return device->row.connected ? Age::unknown : Age::younger;
}

void Devices::note_newest(Device& device, const Connection& connection, Instant began) {
  device.newest = connection;
  device.newest_began = began;
  device.newest_known = true;
}

void Devices::write(Device& device, bool connection_begins) {
  const auto slot = static_cast<uint16_t>(slot_of(device.row.device()));
  device.number = log_.take_number();
  if (connection_begins) device.row.term = Term{device.number};
  log_.append(device.number, slot, device.row.whole(), keys::device(device.row.device()));
}

Device& Devices::online(Broker& broker, const wire::Claim& claim) {
  Device& device = find_or_add(claim.client_id);
  KeptRow& row = device.row;
  if (!row.connected) ++connected_;
  row.name(claim.user, claim.address, broker.name());
  row.connected = true;
  row.broker = broker.incarnation();
  row.serial = claim.serial;
  row.protocol = claim.protocol;
  row.keep_alive_s = claim.keep_alive_s;
  row.persistent = claim.persistent;
  row.since_ms = row.last_seen_ms = claim.since_ms;
  row.why = GoneReason::none;
  write(device, true);
  confirm(broker, device, claim);
  return device;
}

void Devices::confirm(Broker& broker, Device& device, const wire::Claim& claim) {
  const Connection connection{broker.incarnation(), claim.serial};
  const Instant began = began_at(claim);
  // Another claim may be the youngest, and wait.
  if (device.newest == connection || !device.newest_known || began >= device.newest_began) {
    note_newest(device, connection, began);
  }
  if (device.dropped) graces_.clear(Bytes(device.row.device()));
  device.dropped = false;
  device.listing = broker.listing;
  broker.devices.push_back(device);
}

void Devices::ended(Now now, Device& device, GoneReason reason, int64_t at_ms, Duration at_least) {
  const Duration grace = std::max(grace_of(reason, options_), at_least);
  if (device.dropped && grace > Duration::zero()) return;
  if (grace <= Duration::zero()) {
    offline(now, device, reason, at_ms);
    return;
  }
  device.dropped = true;
  device.drop_reason = reason;
  device.drop_ms = at_ms;
  graces_.set(Bytes(device.row.device()), now.mono + grace);
}

void Devices::offline(Now now, Device& device, GoneReason reason, int64_t at_ms) {
  MUSTER_CHECK(device.row.connected);
  if (device.dropped) graces_.clear(Bytes(device.row.device()));
  device.dropped = false;
  device.row.connected = false;
  device.row.why = reason;
  device.row.since_ms = device.row.last_seen_ms = at_ms;
  --connected_;
  write(device, false);
  device.forget_at = now.mono + options_.forget_after;
  gone_.push_back(device);
}

void Devices::tick(Now now, const HasSession& has_session) {
  uint32_t rows = 0;
  while (const auto client_id = graces_.pop(now.mono)) {
    Device& device = *find(*client_id);
    device.dropped = false;
    offline(now, device, device.drop_reason, device.drop_ms);
    if (++rows == options_.sweep_rows) return;
  }
  for (; rows < options_.sweep_rows && gone_.front(); ++rows) {
    if (gone_.front()->forget_at > now.mono && gone_.size() <= options_.offline_devices) return;
    forget(now, *gone_.front(), has_session);
  }
}

void Devices::forget(Now now, Device& device, const HasSession& has_session) {
  const Bytes client_id(device.row.device());
  if (has_session(client_id)) {  // looked at again once its session may be over
    device.forget_at = now.mono + options_.forget_after;
    gone_.push_back(device);
    return;
  }
  const auto slot = static_cast<uint16_t>(slot_of(client_id));
  ledger_.erase(keys::device(client_id));
  log_.append_erased(log_.take_number(), slot, client_id);
  DeviceList::remove(device);
  slots_[slot].erase(client_id);
  --size_;
}

Instant Devices::next_wake() const {
  Instant next = graces_.next();
  if (gone_.front()) next = std::min(next, gone_.front()->forget_at);
  return next;
}

}  // namespace muster::global
