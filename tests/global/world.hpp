#pragma once
// Global with its store in memory and peers around it that speak through real Links. Frames travel
// at once, time moves only by advance(). For the tests of global/.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/store/store_memory.hpp"
#include "core/wire/links.hpp"
#include "global/global.hpp"

namespace muster::global::testing {

class World;

// A server beside global: what it has received, and what it says.
class Peer {
 public:
  Peer(World& world, wire::NodeInfo info);

  uint64_t stream(wire::Message message);
  void talk(wire::Message message);

  // Takes the first message of this type out of what was received.
  template <class T>
  std::optional<T> take() {
    for (auto it = received.begin(); it != received.end(); ++it) {
      if (!std::holds_alternative<T>(*it)) continue;
      T message = std::get<T>(std::move(*it));
      received.erase(it);
      return message;
    }
    return std::nullopt;
  }
  template <class T>
  std::vector<T> take_all() {
    std::vector<T> all;
    while (auto message = take<T>()) all.push_back(std::move(*message));
    return all;
  }

  World& world;
  wire::Links links;
  std::vector<wire::Message> received;
  uint64_t acknowledged = 0;  // of its stream, by global
  bool up = false;
  bool cut = false;  // nothing passes in either direction
  bool answers_routes = true;
  bool renews_lease = true;
};

class World {
 public:
  explicit World(Options options = {});

  Peer& add(const std::string& name, wire::Role role, uint64_t incarnation);
  Peer& broker(const std::string& name, uint64_t incarnation) {
    return add(name, wire::Role::broker, incarnation);
  }
  void remove(const std::string& name);  // kill -9
  Peer& peer(const std::string& name) { return *peers_.at(name); }

  // Carries everything that is under way, until nothing moves.
  void run();
  void advance(Duration duration);
  void advance_ms(int64_t ms) { advance(std::chrono::milliseconds(ms)); }
  // kill -9 of global: what is committed stays. Starts it again, with a new incarnation.
  void restart();
  void crash_power(size_t survivors = 0);
  void stop_global() { global.reset(); }
  void start_global();

  // While held, batches are not committed; commit() does it for the one in flight.
  bool hold_commits = false;
  bool commit();

  Now now() const { return now_; }
  Stats stats() const { return global->stats(); }

  Options options;
  store::MemoryStore store;
  std::unique_ptr<Global> global;
  std::function<void(const store::StoreBatch&)> on_commit;
  bool repaired = false;
  uint64_t commits = 0;

 private:
  void finish_global();
  void finish(Peer& peer);
  void deliver(Peer& peer, const wire::InFrame& frame);
  void handle(Peer& peer);
  bool turn();

  Now now_{Instant(std::chrono::seconds(1000)), WallTime{1'700'000'000'000}};
  uint64_t lives_ = 0;
  std::map<std::string, std::unique_ptr<Peer>> peers_;
  std::optional<store::StoreBatch> in_flight_;
  std::vector<std::pair<std::string, wire::InFrame>> frames_;  // receiver
};

// A claim of a clean connection, opened now.
// Its connected_us counts from the time of stream(): 0 is now, what is older has less.
wire::Claim clean_claim(const std::string& client_id, uint64_t serial);
// Of a persistent session: Clean Start 0, expiry 1 h.
wire::Claim persistent_claim(const std::string& client_id, uint64_t serial);
wire::Gone gone(const std::string& client_id, uint64_t serial,
                wire::GoneReason reason = wire::GoneReason::connection_lost,
                Term term = Term::none);
wire::Publication publication(const std::string& topic, const std::string& payload,
                              uint8_t qos = 1);
wire::Will will(const std::string& topic, uint32_t delay_s = 0, uint8_t qos = 0);
// Claims, expects the grant, subscribes with QoS 1 and expects that it is done.
Term attach(Peer& peer, const std::string& client_id, uint64_t serial,
            const std::vector<std::string>& filters = {});
std::vector<std::string> payloads(const std::vector<wire::Deliver>& delivers);
std::vector<uint64_t> numbers(const std::vector<wire::Deliver>& delivers);

// A query server that keeps rows as the entries tell, and looks whether they are continuous.
class Follower {
 public:
  explicit Follower(Peer& peer) : peer_(peer) {}
  void ask(std::vector<uint16_t> slots = {});
  void ask_from(Position have, std::vector<uint16_t> slots = {});
  void read();  // what the peer has received

  std::map<std::string, wire::DeviceRow> devices;
  std::map<std::string, wire::UserRow> users;
  std::map<Incarnation, wire::BrokerRow> brokers;
  std::vector<wire::LogEntry> entries;  // of deltas
  Position at;
  bool valid = false;
  int gaps = 0;
  int snapshots = 0;
  int resumes = 0;
  wire::Status status(const std::string& client_id) const;

 private:
  void apply(const wire::LogEntry& entry, bool checked);
  Peer& peer_;
  uint64_t request_ = 0;
  std::map<uint16_t, uint64_t> heads_;
  bool loading_ = false;
};

}  // namespace muster::global::testing
