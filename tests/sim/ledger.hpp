#pragma once
// The truth of one world, as its clients and its faults know it: who connected, subscribed,
// published, what arrived, what was broken when. Written by the devices and the scenario, read by
// the checkers. All times are true times. Owned by the World.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/mqtt/packet.hpp"
#include "tests/sim/context.hpp"

namespace muster::sim {

enum class End : uint8_t {
  none,          // lives
  disconnected,  // DISCONNECT 0x00 was sent
  disconnected_with_will,
  dropped,     // closed by the client without a word
  silent,      // the client fell silent
  by_broker,   // closed by the broker, or with it
  taken_over,  // 0x8E, or closed while a younger connection of the device was accepted
  refused,     // CONNACK with a reason >= 0x80, or none
};
const char* to_string(End end);

struct Connection {
  uint32_t id = 0;
  uint32_t device = 0;
  uint32_t session = 0;
  std::string broker;
  uint64_t broker_start = 0;  // which life of the broker
  mqtt::Version version = mqtt::Version::v5;
  bool persistent = false;
  bool clean_start = true;
  uint32_t expiry_s = 0;
  uint16_t receive_maximum = 65535;
  uint16_t keep_alive_s = 0;
  std::optional<uint32_t> will;  // message
  uint32_t will_delay_s = 0;
  std::optional<uint32_t> expiry_at_end_s;  // DISCONNECT has changed it
  Instant dialled{};
  Instant accepted = never;  // CONNACK 0x00 arrived
  bool session_present = false;
  bool forgot = false;         // a takeover has made the device forget what it had sent here
  Instant superseded = never;  // a younger one of the device was accepted: it looks there
  Instant deaf_until{};        // it did not read for a while: what stood in its outbox waited
  Instant ended = never;
  End end = End::none;
  uint8_t server_reason = 0;  // of the broker's DISCONNECT or refusal

  bool lives() const { return accepted != never && ended == never; }
  bool heeded() const { return lives() && superseded == never; }
};

// Of a persistent session: from the CONNECT that created it. Of a clean one: its connection.
struct Session {
  uint32_t id = 0;
  uint32_t device = 0;
  bool persistent = false;
  bool confirmed = false;    // some CONNACK has said that it exists
  bool doubtful = false;     // connections raced for it: what it holds is not known
  Instant ended = never;     // discarded (the CONNECT or DISCONNECT that did was sent), or expired
  Instant detached = never;  // no connection since
  uint32_t expiry_s = 0;     // the least that it may have now
  bool expiry_changed = false;  // some DISCONNECT has changed it
};

struct Message {
  uint32_t id = 0;
  uint32_t device = 0;
  uint32_t connection = 0;  // that sent it first
  std::string topic;
  uint8_t qos = 0;
  bool will = false;
  bool retain = false;
  bool sent_anew = false;          // its publisher had lost its session, and began again
  bool resent_after_loss = false;  // its publisher keeps it until it is acknowledged
  std::optional<uint32_t> expiry_s;
  Instant first_sent = never;
  Instant last_sent = never;
  Instant acknowledged = never;
  uint32_t acknowledged_on = 0;  // connection
  uint8_t reason = 0;
  uint32_t sent = 0;  // times
};

// One filter of one session.
struct Bond {
  uint32_t id = 0;
  uint32_t device = 0;
  uint32_t session = 0;
  uint32_t connection = 0;
  std::string filter;
  uint8_t qos = 0;
  bool no_local = false;
  bool as_published = false;  // Retain As Published, with Retain Handling 2: RETAIN is no snapshot
  bool retained_probe = false;  // asked by a watcher at a roll call
  Instant asked{};
  Instant bound = never;      // SUBACK arrived
  Instant leaving = never;    // UNSUBSCRIBE or a new SUBSCRIBE was sent
  Instant left = never;       // UNSUBACK or the new SUBACK arrived
  bool unsubscribed = false;  // UNSUBSCRIBE was sent
};

struct Delivery {
  uint32_t message = 0;
  uint32_t device = 0;
  uint32_t connection = 0;
  uint32_t session = 0;
  uint8_t qos = 0;
  bool dup = false;
  bool retain = false;
  uint16_t packet_id = 0;
  Instant emitted{};  // left the shard
  Instant at{};       // arrived
};

struct Ask {  // a PUBLISH to $query
  uint32_t id = 0;
  uint32_t device = 0;
  uint32_t connection = 0;
  Instant sent{};
  Instant answered = never;
  uint32_t answers = 0;
  bool online = false;     // a list of all who are online
  bool roll_call = false;  // asked at a quiet point, to be compared with the truth
};

struct Fault {
  std::string kind;
  std::vector<std::string> nodes;
  Instant from{};
  Instant until = never;
};

class Ledger {
 public:
  std::vector<std::string> device_names;
  std::vector<Connection> connections;
  std::vector<Session> sessions;
  std::vector<Message> messages;
  std::vector<Bond> bonds;
  std::vector<Delivery> deliveries;
  std::vector<Ask> asks;
  std::vector<Fault> faults;

  // No fault touched any of `nodes` (empty: any node) between the two.
  bool calm(Instant from, Instant until, const std::vector<std::string>& nodes = {}) const;
  // How long at most faults went on between the two.
  Duration broken_for(Instant from, Instant until) const;
  // Bonds of a session, by index.
  const std::vector<uint32_t>& bonds_of(uint32_t session) const;
  // The living connection of a device, if it has one.
  const Connection* living(uint32_t device) const;

  uint32_t add_bond(Bond bond);

 private:
  std::map<uint32_t, std::vector<uint32_t>> bonds_of_;
};

}  // namespace muster::sim
