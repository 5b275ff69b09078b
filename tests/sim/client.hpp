#pragma once
// One MQTT connection as a client holds it: packets to bytes and back, over a Socket. What the
// packets mean is its Device's affair.

#include <functional>
#include <memory>

#include "core/mqtt/codec.hpp"
#include "tests/sim/socket.hpp"

namespace muster::sim {

class Client {
 public:
  struct Events {
    std::function<void(const mqtt::Packet&, Instant emitted)> packet;
    std::function<void()> closed;
  };

  Client(Context& context, std::shared_ptr<Socket> socket, mqtt::Version version, Events events);
  ~Client() { socket_->drop_client(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const mqtt::Packet& packet);
  void close() { socket_->close(); }
  void fall_silent() { socket_->fall_silent(); }
  void read(bool reading) { socket_->read(reading); }

 private:
  void bytes(BytesView bytes, Instant emitted);

  Context& context_;
  std::shared_ptr<Socket> socket_;
  mqtt::Version version_;
  Events events_;
  Bytes buffer_;
};

}  // namespace muster::sim
