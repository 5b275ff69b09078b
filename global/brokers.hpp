#pragma once
// Broker incarnations: their rows and their leases (protocol.md, Names and numbers, Presence). An
// incarnation is alive, unreachable once its lease has ended, and dead `dead_after` later or when
// another incarnation of the same name says hello; dead is final. Entries are written per
// incarnation, never per device. Owned by Global, one thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/messages.hpp"
#include "global/device.hpp"
#include "global/ledger.hpp"
#include "global/log.hpp"
#include "global/options.hpp"

namespace muster::global {

struct Broker {
  wire::BrokerRow row;
  uint64_t number = 0;  // of its newest log entry
  Instant lease_until{};
  bool lease_ended = false;  // and this was noticed
  uint64_t routes_taken = 0;
  uint32_t streams = 0;  // times that our stream to it began anew
  uint32_t listing = 0;  // lists of live connections begun
  bool listing_open = false;
  DeviceList devices;               // rows that say they are connected here
  std::vector<Incarnation> former;  // dead ones of the same process, while it lists its connections
  uint64_t died_in = 0;             // commit; 0: before our start

  bool dead() const { return row.state == wire::BrokerState::dead; }
  bool alive() const { return row.state == wire::BrokerState::alive; }
  Incarnation incarnation() const { return row.incarnation; }
  const std::string& name() const { return row.name; }
};

class Brokers {
 public:
  Brokers(const Options& options, Ledger& ledger, Log& log)
      : options_(options), ledger_(ledger), log_(log) {}

  bool load(BytesView value);
  // A row names an incarnation whose own row is lost: it gets one.
  void ensure(Incarnation incarnation, const std::string& name);
  // Every incarnation that is not dead holds one full lease, unreachable until its hello.
  void start(Now now);

  Broker* find(Incarnation incarnation);
  // Knows it and it is not dead.
  Broker* living(Incarnation incarnation);
  bool has_lease(Now now, Incarnation incarnation) const;
  std::map<Incarnation, Broker>& all() { return brokers_; }
  const std::map<Incarnation, Broker>& all() const { return brokers_; }

  // A hello or a lease request: it is alive and holds one full lease. Not for the dead.
  Broker& greet(Now now, const std::string& name, Incarnation incarnation);
  // Incarnations of this name other than the one that lives now.
  std::vector<Incarnation> predecessors(const std::string& name, Incarnation living) const;
  void die(Now now, Broker& broker);
  // What a dead one is told: how far its stream is stored. Nothing until its death is, too.
  std::optional<wire::Deposed> deposed(const Broker& broker) const;

  void load_taken(Incarnation incarnation, uint64_t number) { taken_[incarnation] = number; }
  void stored(const Commit& commit);

  // Whose lease has just ended, and who has been unreachable for too long.
  struct Due {
    std::vector<Incarnation> unreachable;
    std::vector<Incarnation> dead;
  };
  Due tick(Now now);
  Instant next_wake() const;

 private:
  void change(Now now, Broker& broker, wire::BrokerState state);
  void forget_oldest_dead();

  const Options& options_;
  Ledger& ledger_;
  Log& log_;
  std::map<Incarnation, Broker> brokers_;
  std::map<Incarnation, uint64_t> taken_;  // stream numbers that are stored
  uint64_t stored_ = 0;                    // commits up to here are
  size_t dead_ = 0;
};

}  // namespace muster::global
