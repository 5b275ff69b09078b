#pragma once
// A virtual MQTT device: one client id with its session, over one connection after the other (and,
// in a takeover, two at once). It keeps the protocol's promises of a client and writes what it does
// and sees into the ledger; what it does next is drawn by act(). Owned by the World.

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/checker.hpp"
#include "tests/sim/client.hpp"

namespace muster::sim {

// What kind of device it is; drawn by the scenario.
struct Profile {
  std::string id;
  mqtt::Version version = mqtt::Version::v5;
  bool persistent = false;
  uint32_t expiry_s = 3600;
  uint8_t qos = 1;  // of what it subscribes to at first
  uint16_t receive_maximum = 65535;
  uint16_t keep_alive_s = 0;
  bool steady = false;                // comes back at once, never leaves by itself
  bool watches = false;               // subscribes to $user/+/presence
  uint32_t will_percent = 0;          // of its connections
  Duration pace = milliseconds(200);  // between two acts
  Duration back_max = seconds(3);     // until it connects again
  std::string home;                   // the broker it prefers; empty: any
  std::string group;                  // a shared subscription: then it has no others
  bool feeds = false;                 // publishes what the groups are for
  std::vector<std::string> filters;   // subscribed to at each connect that finds no session
  // Weights of what it does next.
  uint32_t publish = 0, subscribe = 0, unsubscribe = 0, disconnect = 0, drop = 0, silence = 0,
           takeover = 0, wander = 0, retain = 0, hold_acks = 0, stop_reading = 0, ask = 0,
           flood = 0, nothing = 10;
  uint32_t clean_start_percent = 0;     // of a persistent device's connects
  uint32_t lazy_percent = 20;           // acknowledgements that take their time
  bool as_published = false;            // Retain As Published, and nothing that is retained already
  uint32_t message_expiry_percent = 0;  // of its messages
  uint32_t will_retain_percent = 0;
  bool lowest_ids = false;      // packet identifiers: always the lowest that is free
  uint32_t large_permille = 5;  // payloads of many kilobytes
};

class Device {
 public:
  Device(Context& context, Ledger& ledger, Checkers& checkers, Cluster& cluster, Profile profile,
         uint32_t index);

  void begin();  // act from now on
  // Quiet: no more acts; `online`: connect if not connected, and stay. Everything is acknowledged.
  void calm(bool online);
  void resume() { calm_ = false; }

  const Profile& profile() const { return profile_; }
  uint32_t index() const { return index_; }
  bool online() const { return line_ && line_->accepted; }
  bool owes_nothing() const { return outgoing_.empty(); }

  // Publishes a question to $query; the number of its Ask, if the device is online.
  // Subscribes to everything that is retained: what it gets is compared.
  void probe_retained();
  std::optional<uint32_t> ask(const std::string& json_fields, bool roll_call = false);

 private:
  struct PendingSubscribe {
    std::vector<uint32_t> bonds;
    bool unsubscribe = false;
  };
  struct Line {  // one connection
    uint32_t connection = 0;
    std::unique_ptr<Client> client;
    bool accepted = false;
    bool over = false;
    uint16_t send_maximum = 65535;
    std::deque<std::pair<mqtt::PacketType, uint16_t>> acks;  // owed to the broker, in order
    bool acks_planned = false;
    Instant acks_held_until{};
    Instant pinged = never;  // and not answered yet
    std::map<uint16_t, PendingSubscribe> subscribes;
    std::string wants;  // a filter to subscribe to, whatever the session has
  };
  struct Outgoing {
    uint32_t message = 0;
    uint16_t packet_id = 0;
    bool received = false;  // QoS 2: PUBREC came, PUBREL goes out
  };
  using LinePtr = std::shared_ptr<Line>;

  // device.cpp: connections
  void connect(bool clean_start);
  void connect_to(const std::string& broker, bool clean_start);
  uint32_t join_session(bool persistent, bool clean_start);
  bool discarded_unheard() const;
  void send_connect(const LinePtr& line);
  uint32_t make_will(uint32_t connection);
  void packet(const LinePtr& line, const mqtt::Packet& packet, Instant emitted);
  void connack(const LinePtr& line, const mqtt::Connack& connack);
  void lost_session(Connection& connection);
  void close(const LinePtr& line, End end, uint8_t reason = 0);
  void closed_by_broker(const LinePtr& line);
  bool fall_back(const Connection& failed);
  void leave(End end);
  void change_expiry(mqtt::Disconnect& disconnect);
  void plan_ping(const LinePtr& line);
  Connection& record(const LinePtr& line) { return ledger_.connections[line->connection]; }
  bool superseded(const LinePtr& line) { return record(line).superseded != never; }

  // device_publish.cpp: messages both ways
  void publish(const std::string& topic, uint8_t qos, bool retained = false);
  void retain();  // device_retained.cpp
  void clear_retained();
  bool was_retained(const LinePtr& line, const mqtt::Publish& publish);
  void send_publish(const Outgoing& outgoing, bool dup);
  void resend(bool session_present);
  void puback(const LinePtr& line, const mqtt::Acknowledgement& ack);
  void published(const LinePtr& line, const mqtt::Publish& publish, Instant emitted);
  void message_arrived(const LinePtr& line, const mqtt::Publish& publish, Instant emitted);
  void plan_acks(const LinePtr& line);
  void send_acks(const LinePtr& line);
  uint16_t packet_id();

  // device_qos2.cpp
  void acknowledgement(const LinePtr& line, const mqtt::Acknowledgement& packet);
  void pubrec(const LinePtr& line, const mqtt::Acknowledgement& packet);
  void pubcomp(const LinePtr& line, const mqtt::Acknowledgement& packet);
  void pubrel(const LinePtr& line, uint16_t packet_id);
  bool arrived_before(const LinePtr& line, const mqtt::Publish& publish);
  void send_pubrel(const LinePtr& line, const Outgoing& outgoing);
  std::deque<Outgoing>::iterator outgoing(const LinePtr& line, uint16_t packet_id);

  // device_subscribe.cpp
  void subscribe(const std::vector<std::string>& filters, uint8_t qos, bool probe = false);
  void watch();
  std::string unsubscribe();  // which filter
  void suback(const LinePtr& line, uint16_t packet_id, const std::vector<mqtt::Reason>& reasons,
              bool unsubscribe);

  // device_acts.cpp
  void act_later(Duration delay);
  void act();
  void act_online();
  void act_offline();
  void take_over();
  void wander();
  void ask_something();
  void flood();

  Context& context_;
  Ledger& ledger_;
  Checkers& checkers_;
  Cluster& cluster_;
  Profile profile_;
  uint32_t index_;
  Random random_;

  LinePtr line_;                // the youngest connection
  std::vector<LinePtr> older_;  // those that it takes over
  std::optional<uint32_t> session_;
  std::deque<Outgoing> outgoing_;  // QoS > 0, not completed
  // QoS 2: packet ids that have arrived and are not released, by session.
  std::map<uint32_t, std::set<uint16_t>> held_;
  uint16_t next_packet_id_ = 0;
  bool calm_ = false;
  bool stays_offline_ = false;
  bool act_planned_ = false;
};

// The payload that carries message `id`, and back; the padding must arrive as it was sent.
Bytes payload_of(uint32_t id, size_t padding);
std::optional<uint32_t> message_of(BytesView payload);

}  // namespace muster::sim
