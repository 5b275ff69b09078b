#pragma once
// Many MQTT connections on one thread and one loop: opens them, cuts packets out of what comes in,
// keeps what a socket does not take yet. What packets mean is the listener's business; only CONNACK
// is looked at here. Owned by a scenario. Nothing is allocated for a message.
//
// Clients are named by their index, in the order of add().

#include <deque>
#include <string>
#include <vector>

#include "clients/bench/clock.hpp"
#include "clients/bench/options.hpp"
#include "core/mqtt/codec.hpp"
#include "core/net/loop.hpp"

namespace muster::clients::bench {

// Who is told what the crowd hears. A client may be closed or opened in a call about it.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_packet(uint32_t client, const mqtt::Frame& frame) = 0;  // CONNACK too
  virtual void on_closed(uint32_t client) = 0;                            // by the broker
};

class Crowd {
 public:
  explicit Crowd(const Target& target);

  uint32_t add(const std::string& name, bool clean);  // the id is the run's prefix and this
  void rename(uint32_t client, const std::string& name);
  void set_port(uint32_t client, uint16_t port) { clients_[client].port = port; }
  void keep_no_session(uint32_t client) { clients_[client].clean = true; }  // from its next open()
  size_t size() const { return clients_.size(); }

  void open(uint32_t client);   // CONNECT goes out as soon as there is a connection
  void close(uint32_t client);  // with DISCONNECT
  void close_all();
  bool connected(uint32_t client) const { return clients_[client].connected; }  // CONNACK came
  bool session_present(uint32_t client) const { return clients_[client].session_present; }
  Nanos opened_at(uint32_t client) const { return clients_[client].opened_at; }

  void send(uint32_t client, BytesView bytes);
  bool has_unsent(uint32_t client) const { return !clients_[client].unsent.empty(); }
  // Goes to the client that is being read, in one piece with its other answers.
  Bytes& answers() { return answers_; }

  // Waits for something to read or write, at most so long, and tells the listener.
  void turn(Nanos timeout, Listener& listener);
  Nanos read_at() const { return read_at_; }  // when anything was read last

  mqtt::Version version() const { return target_.version; }
  const Target& target() const { return target_; }
  uint16_t receive_maximum() const { return receive_maximum_; }  // the smallest that was granted

 private:
  struct Client {
    std::string id;
    uint16_t port = 0;
    net::Fd socket;
    Bytes begun;   // the first bytes of a packet whose rest has not come
    Bytes unsent;  // what the socket did not take
    Nanos opened_at{};
    bool clean = true;
    bool connected = false;
    bool session_present = false;
    bool write_watched = false;
  };

  void watch_writing(uint32_t index, bool wanted);
  void flush(uint32_t index);
  void read(uint32_t index, Listener& listener);
  void take_all(uint32_t index, BytesView input, Listener& listener);
  void take_connack(Client& client, const mqtt::Frame& frame);
  void drop(Client& client);
  Bytes connect_packet(const Client& client) const;

  Target target_;
  net::Loop loop_;
  std::deque<Client> clients_;  // grows while one of them is in hand
  std::vector<char> buffer_;    // shared by all: a read, behind what had begun
  Bytes answers_;
  Nanos read_at_{};
  uint32_t dialled_ = 0;
  uint16_t receive_maximum_ = UINT16_MAX;
};

}  // namespace muster::clients::bench
