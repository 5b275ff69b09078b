#pragma once
// The rows of devices: who is where, in memory and in the log. By slot and name, so that snapshots
// go through them in order. An offline row whose device has no session is erased after a while, or
// when there are too many, the longest gone first. Owned by Global, one thread.

#include <array>
#include <functional>
#include <map>
#include <string>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "global/brokers.hpp"
#include "global/deadlines.hpp"
#include "global/device.hpp"
#include "global/log.hpp"
#include "global/options.hpp"

namespace muster::global {

// How a claim's connection relates to the youngest one of its device that is known.
enum class Age { same, younger, older, unknown };

class Devices {
 public:
  using Rows = std::map<BytesView, Device>;  // by the name in the row, which never changes
  using HasSession = std::function<bool(const std::string& client_id)>;

  Devices(const Options& options, Ledger& ledger, Log& log)
      : options_(options), ledger_(ledger), log_(log) {}

  bool load(BytesView value);
  void start(Now now, Brokers& brokers);

  Device* find(BytesView client_id);
  Age age_of(const Device* device, const Connection& connection, Instant began) const;

  // The device's connection is this one now. The row's term is the number of its entry.
  Device& online(Broker& broker, const wire::Claim& claim);
  // The claim's connection is what the row says already.
  void confirm(Broker& broker, Device& device, const wire::Claim& claim);
  // A claim that is taken serious, though another connection has the row: it is the youngest now.
  void note_newest(Device& device, const Connection& connection, Instant began);
  // The row's connection has ended; after its grace, if it has one, the row says offline.
  void ended(Now now, Device& device, wire::GoneReason reason, int64_t at_ms, Duration at_least);

  // Graces that are over, rows to forget: at most options.sweep_rows.
  void tick(Now now, const HasSession& has_session);
  Instant next_wake() const;

  const Rows& slot(uint16_t slot) const { return slots_[slot]; }
  size_t size() const { return size_; }
  size_t connected() const { return connected_; }

 private:
  Device& add(KeptRow row);
  Device& find_or_add(const std::string& client_id);
  void offline(Now now, Device& device, wire::GoneReason reason, int64_t at_ms);
  void write(Device& device, bool connection_begins);
  void forget(Now now, Device& device, const HasSession& has_session);

  const Options& options_;
  Ledger& ledger_;
  Log& log_;
  std::array<Rows, slot_count> slots_;
  Deadlines<std::string> graces_;
  DeviceList gone_;  // offline rows
  size_t size_ = 0;
  size_t connected_ = 0;
};

}  // namespace muster::global
