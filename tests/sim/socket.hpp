#pragma once
// One TCP connection between a virtual client and a broker: two byte streams, cut at random points,
// with delays. It can end orderly, break, or fall silent (no bytes, no end: a pulled cable). Shared
// by the client and the shard's host; all in one world's thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/bytes.hpp"
#include "tests/sim/context.hpp"

namespace muster::sim {

class ShardHost;

class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(Context& context, uint32_t id) : context_(context), id_(id) {}

  uint32_t id() const { return id_; }

  // ---- the client's end
  struct ClientEnd {
    // `emitted`: when the last of these bytes left the shard.
    std::function<void(BytesView bytes, Instant emitted)> bytes;
    std::function<void()> closed;
  };
  void set_client(ClientEnd end) { client_ = std::move(end); }
  void send(BytesView bytes);
  void close();             // what was sent before still arrives
  void fall_silent();       // nothing passes any more, nobody is told
  void read(bool reading);  // a client that does not read fills its socket
  void drop_client();       // the client's object is gone

  // ---- the broker's end (ShardHost)
  void accepted(ShardHost* host, uint32_t index) {
    host_ = host;
    index_ = index;
  }
  ShardHost* host() const { return host_; }
  uint32_t index() const { return index_; }
  void set_moving(ShardHost* to) { host_ = to, index_ = no_index; }
  bool has_index() const { return index_ != no_index; }
  void pause(bool paused) { paused_ = paused; }
  bool paused() const { return paused_; }
  bool has_input() const { return !inbound_.empty(); }
  bool peer_closed() const { return peer_closed_; }
  Bytes take_input();
  size_t write(BytesView bytes);  // how much the kernel took
  void close_by_broker();         // after what was written
  void broker_died();

 private:
  static constexpr uint32_t no_index = UINT32_MAX;

  void arrive_at_broker(Bytes bytes, bool end);
  void arrive_at_client(Bytes bytes, Instant emitted, bool end);
  void hand_over();
  Duration delay() { return context_.random.between(Duration(10), context_.knobs.client_max); }

  Context& context_;
  uint32_t id_;
  ClientEnd client_;
  ShardHost* host_ = nullptr;
  uint32_t index_ = no_index;
  bool silent_ = false;
  bool paused_ = false;
  bool client_closed_ = false;  // by the client itself
  bool broker_closed_ = false;
  bool peer_closed_ = false;  // the broker's kernel knows that the client is gone
  bool reading_ = true;
  bool end_waits_ = false;
  Bytes inbound_;
  struct Waiting {
    Bytes bytes;
    Instant emitted;
  };
  std::vector<Waiting> unread_;  // arrived while the client does not read
  size_t under_way_ = 0;         // bytes written by the broker and not yet read by the client
  Instant last_up_{}, last_down_{};
};

}  // namespace muster::sim
