#include "tests/sim/socket.hpp"

#include "tests/sim/shard_host.hpp"

namespace muster::sim {
namespace {

// Cuts `bytes` once or not at all; the pieces are what TCP may make of it.
std::vector<Bytes> pieces(Context& context, BytesView bytes) {
  std::vector<Bytes> out;
  while (bytes.size() > 1 && out.size() < 8 && context.random.percent(context.knobs.cut_percent)) {
    const size_t length = 1 + context.random.below(bytes.size() - 1);
    out.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  out.emplace_back(bytes);
  return out;
}

}  // namespace

void Socket::send(BytesView bytes) {
  if (silent_ || client_closed_ || bytes.empty()) return;
  for (Bytes& piece : pieces(context_, bytes)) {
    last_up_ = std::max(last_up_, context_.now() + delay());
    context_.schedule.at(last_up_, [self = shared_from_this(), piece = std::move(piece)]() mutable {
      self->arrive_at_broker(std::move(piece), false);
    });
  }
}

void Socket::close() {
  if (client_closed_) return;
  client_closed_ = true;
  drop_client();
  if (silent_) return;
  last_up_ = std::max(last_up_, context_.now() + delay());
  context_.schedule.at(last_up_, [self = shared_from_this()] { self->arrive_at_broker({}, true); });
}

void Socket::fall_silent() {
  silent_ = true;
}

void Socket::drop_client() {
  client_ = {};
}

void Socket::read(bool reading) {
  reading_ = reading;
  if (reading_) hand_over();
}

void Socket::arrive_at_broker(Bytes bytes, bool end) {
  if (silent_ || broker_closed_ || !host_) return;
  inbound_ += bytes;
  peer_closed_ |= end;
  host_->readable(shared_from_this());
}

Bytes Socket::take_input() {
  return std::exchange(inbound_, {});
}

size_t Socket::write(BytesView bytes) {
  const size_t room =
      context_.knobs.socket_bytes - std::min(context_.knobs.socket_bytes, under_way_);
  bytes = bytes.substr(0, room);
  if (bytes.empty()) return 0;
  under_way_ += bytes.size();
  if (silent_ || peer_closed_) return bytes.size();
  for (Bytes& piece : pieces(context_, bytes)) {
    last_down_ = std::max(last_down_, context_.now() + delay());
    context_.schedule.at(last_down_, [self = shared_from_this(), piece = std::move(piece),
                                      emitted = context_.now()]() mutable {
      self->arrive_at_client(std::move(piece), emitted, false);
    });
  }
  return bytes.size();
}

void Socket::close_by_broker() {
  broker_closed_ = true;
  host_ = nullptr;
  last_down_ = std::max(last_down_, context_.now() + delay());
  context_.schedule.at(last_down_,
                       [self = shared_from_this()] { self->arrive_at_client({}, {}, true); });
}

void Socket::broker_died() {
  broker_closed_ = true;
  host_ = nullptr;
  const Instant when = context_.now() + context_.random.between(Duration(10), milliseconds(300));
  last_down_ = std::max(last_down_, when);
  context_.schedule.at(last_down_,
                       [self = shared_from_this()] { self->arrive_at_client({}, {}, true); });
}

void Socket::arrive_at_client(Bytes bytes, Instant emitted, bool end) {
  if (silent_) return;
  if (!bytes.empty()) unread_.push_back({std::move(bytes), emitted});
  end_waits_ |= end;
  if (reading_) hand_over();
}

void Socket::hand_over() {
  const auto self = shared_from_this();
  while (!unread_.empty() && reading_) {
    std::vector<Waiting> waiting = std::exchange(unread_, {});
    for (const Waiting& piece : waiting) {
      under_way_ -= std::min(under_way_, piece.bytes.size());
      if (client_.bytes) client_.bytes(piece.bytes, piece.emitted);
    }
    if (host_) host_->writable(self);
  }
  if (!end_waits_ || !unread_.empty()) return;
  end_waits_ = false;
  if (client_.closed) {
    const auto closed = std::exchange(client_, {}).closed;
    closed();
  }
}

}  // namespace muster::sim
