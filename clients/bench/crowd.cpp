#include "clients/bench/crowd.hpp"

#include <algorithm>
#include <cstring>

#include "clients/connection.hpp"
#include "core/net/dial.hpp"

namespace muster::clients::bench {
namespace {

constexpr size_t read_size = 256 * 1024;
constexpr uint32_t session_expiry_s = 3600;

constexpr BytesView goodbye{"\xE0\x00", 2};

}  // namespace

Crowd::Crowd(const Target& target) : target_(target), buffer_(read_size) {}

uint32_t Crowd::add(const std::string& name, bool clean) {
  Client client;
  client.id = target_.id_prefix + name;
  client.port = target_.address.port;
  client.clean = clean;
  clients_.push_back(std::move(client));
  return static_cast<uint32_t>(clients_.size() - 1);
}

void Crowd::rename(uint32_t client, const std::string& name) {
  clients_[client].id = target_.id_prefix + name;
}

Bytes Crowd::connect_packet(const Client& client) const {
  mqtt::Connect connect;
  connect.version = target_.version;
  connect.clean_start = client.clean;
  connect.client_id = client.id;
  if (!target_.user.empty()) connect.user_name = target_.user;
  if (!target_.password.empty()) connect.password = target_.password;
  if (!client.clean) connect.properties.session_expiry_interval = session_expiry_s;
  Bytes packet;
  mqtt::encode(connect, target_.version, packet);
  return packet;
}

void Crowd::open(uint32_t index) {
  Client& client = clients_[index];
  auto socket = net::dial({target_.address.host, client.port}, dialled_++);
  if (!socket) throw Failure("cannot connect to " + socket.error());
  client.socket = std::move(socket).value();
  client.opened_at = now();
  client.unsent = connect_packet(client);
  client.write_watched = true;
  loop_.add(client.socket, index, {.read = true, .write = true});
}

void Crowd::drop(Client& client) {
  loop_.remove(client.socket);
  client.socket.reset();
  client.begun.clear();
  client.unsent.clear();
  client.connected = false;
}

void Crowd::close(uint32_t index) {
  Client& client = clients_[index];
  if (!client.socket) return;
  if (client.connected && client.unsent.empty()) (void)net::send(client.socket, goodbye);
  drop(client);
}

void Crowd::close_all() {
  for (uint32_t index = 0; index < clients_.size(); ++index) close(index);
}

void Crowd::watch_writing(uint32_t index, bool wanted) {
  Client& client = clients_[index];
  if (client.write_watched == wanted) return;
  client.write_watched = wanted;
  loop_.modify(client.socket, index, {.read = true, .write = wanted});
}

// A connection that failed is found when it is read.
void Crowd::send(uint32_t index, BytesView bytes) {
  Client& client = clients_[index];
  if (!client.socket) return;
  if (client.unsent.empty()) bytes.remove_prefix(net::send(client.socket, bytes).bytes);
  if (bytes.empty()) return;
  client.unsent.append(bytes);
  watch_writing(index, true);
}

void Crowd::flush(uint32_t index) {
  Client& client = clients_[index];
  client.unsent.erase(0, net::send(client.socket, client.unsent).bytes);
  if (client.unsent.empty()) watch_writing(index, false);
}

void Crowd::turn(Nanos timeout, Listener& listener) {
  for (const net::Ready& ready : loop_.poll_exactly(std::max(timeout, Nanos{}))) {
    if (!clients_[ready.index].socket) continue;
    if (ready.writable) flush(ready.index);
    if (ready.readable || ready.hangup) read(ready.index, listener);
  }
}

void Crowd::read(uint32_t index, Listener& listener) {
  Client& client = clients_[index];
  const size_t begun = client.begun.size();
  if (buffer_.size() < begun + read_size) buffer_.resize(begun + read_size);
  const net::IoResult got = net::receive(client.socket, buffer_.data() + begun, read_size);
  if (got.status == net::IoStatus::would_block) return;
  if (got.status != net::IoStatus::ok) {
    drop(client);
    listener.on_closed(index);
    return;
  }
  std::memcpy(buffer_.data(), client.begun.data(), begun);
  read_at_ = now();
  take_all(index, {buffer_.data(), begun + got.bytes}, listener);
}

void Crowd::take_all(uint32_t index, BytesView input, Listener& listener) {
  Client& client = clients_[index];
  while (client.socket) {
    size_t needed = 0;
    const auto frame = mqtt::next_frame(input, mqtt::largest_packet_size, needed);
    if (!frame) throw Failure("the broker sent " + client.id + " what is not MQTT");
    if (frame->whole.empty()) break;
    input.remove_prefix(frame->whole.size());
    if (frame->type == mqtt::PacketType::connack) take_connack(client, *frame);
    listener.on_packet(index, *frame);
  }
  if (client.socket) {
    client.begun.assign(input);
    if (!answers_.empty()) send(index, answers_);
  }
  answers_.clear();
}

void Crowd::take_connack(Client& client, const mqtt::Frame& frame) {
  const auto packet = mqtt::decode(frame, target_.version, mqtt::Sender::server);
  if (!packet) throw Failure("the broker's CONNACK cannot be read");
  const auto& connack = std::get<mqtt::Connack>(*packet);
  if (connack.reason != mqtt::Reason::success) {
    throw Failure("the broker refused " + client.id + ": code " +
                  std::to_string(static_cast<int>(connack.reason)));
  }
  client.connected = true;
  client.session_present = connack.session_present;
  receive_maximum_ =
      std::min(receive_maximum_, connack.properties.receive_maximum.value_or(UINT16_MAX));
}

}  // namespace muster::clients::bench
