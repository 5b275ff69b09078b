#include "core/net/zmq_link.hpp"

#include <zmq.h>

#include <utility>

#include "core/base/check.hpp"
#include "core/net/clock.hpp"
#include "core/net/routing_id.hpp"

namespace muster::net {
namespace {

constexpr size_t peer_limit = 10'000;  // names that dialled us; nobody's cluster is that large

}  // namespace

struct ZmqLink::PollList {
  std::vector<zmq_pollitem_t> items;  // the owner's descriptor, the sources, the doors
  std::vector<Source> sources;
};

ZmqLink::ZmqLink(ZmqContext& context, LinkOptions options)
    : context_(context), options_(std::move(options)), poll_(std::make_unique<PollList>()) {}

ZmqLink::~ZmqLink() = default;

bool ZmqLink::send(const std::string& name, LinkChannel channel, Bytes bytes) {
  MUSTER_CHECK(!bytes.empty() && bytes.size() <= options_.frame_bytes);
  const auto at = peers_.find(name);
  if (at == peers_.end()) {
    ++counters_.unknown;
    return false;
  }
  Lane& lane = at->second.lanes[index(channel)];
  return lane.open ? send_now(channel, lane, std::move(bytes)) : park(lane, std::move(bytes));
}

bool ZmqLink::park(Lane& lane, Bytes bytes) {
  if (lane.parked.size() >= options_.parked_frames ||
      lane.parked_bytes + bytes.size() > options_.parked_bytes) {
    ++counters_.blocked;
    return false;
  }
  lane.parked_bytes += bytes.size();
  lane.parked.push_back(std::move(bytes));
  return true;
}

bool ZmqLink::send_now(LinkChannel channel, Lane& lane, Bytes bytes) {
  const SendStatus status = lane.dealer
                                ? lane.dealer.send(nullptr, std::move(bytes))
                                : routers_[index(channel)].send(&lane.routing_id, std::move(bytes));
  if (status == SendStatus::blocked) ++counters_.blocked;
  if (status == SendStatus::unreachable) ++counters_.unknown;
  return status == SendStatus::sent;
}

void ZmqLink::opened(LinkChannel channel, Lane& lane) {
  lane.open = true;
  lane.parked_bytes = 0;
  for (Bytes& bytes : std::exchange(lane.parked, {})) {
    send_now(channel, lane, std::move(bytes));
  }
}

// An empty frame on our ROUTER: a peer's DEALER has connected.
void ZmqLink::announced(const std::string& routing_id, LinkChannel channel) {
  const auto id = parse_routing_id(routing_id);
  const std::string name = id ? std::string(id->name) : std::string();
  if (!id || (peers_.size() >= peer_limit && !peers_.contains(name))) {
    ++counters_.malformed;
    return;
  }
  Lane& lane = peers_[name].lanes[index(channel)];
  if (!is_newer(routing_id, lane.routing_id)) return;
  lane.routing_id = routing_id;
  routers_[index(channel)].send(&routing_id, Bytes());
  if (!lane.dealer) opened(channel, lane);
}

void ZmqLink::rebuild_poll_list() {
  stale_ = false;
  poll_->sources.clear();
  poll_->items.assign(1, zmq_pollitem_t{nullptr, -1, ZMQ_POLLIN, 0});
  for (const LinkChannel channel : {LinkChannel::talk, LinkChannel::bulk}) {
    poll_->items.push_back({routers_[index(channel)].handle(), 0, ZMQ_POLLIN, 0});
    poll_->sources.push_back({channel, {}});
    for (const auto& [name, peer] : peers_) {
      const ZmqSocket& dealer = peer.lanes[index(channel)].dealer;
      if (!dealer) continue;
      poll_->items.push_back({dealer.handle(), 0, ZMQ_POLLIN, 0});
      poll_->sources.push_back({channel, name});
    }
  }
  for (const ZmqSocket& door : doors_) {
    if (door) poll_->items.push_back({door.handle(), 0, ZMQ_POLLIN, 0});
  }
}

// zmq_poll and not epoll on ZMQ_FD: that descriptor is edge-triggered and speaks of commands, not
// of messages, so every sleep would have to be preceded by a look at ZMQ_EVENTS. This is that look.
bool ZmqLink::wait(Duration timeout, const Fd& also) {
  if (stale_) rebuild_poll_list();
  poll_->items[0].fd = also.get();
  const int count = static_cast<int>(poll_->items.size());
  if (zmq_poll(poll_->items.data(), count, wait_ms(timeout)) < 0) {
    MUSTER_CHECK(zmq_errno() == EINTR);
    for (zmq_pollitem_t& item : poll_->items) {
      item.revents = 0;
    }
  }
  return poll_->items[0].revents != 0;
}

void ZmqLink::receive(std::vector<LinkFrame>& frames, Instant now) {
  if (stale_) return;  // the list is older than the sockets: wait() first
  const size_t limit = frames.size() + options_.turn_frames;
  drain(LinkChannel::talk, frames, limit, now);
  drain(LinkChannel::bulk, frames, limit, now);
  ++first_source_;
  read_door();
}

void ZmqLink::drain(LinkChannel channel, std::vector<LinkFrame>& frames, size_t limit,
                    Instant now) {
  const size_t count = poll_->sources.size();
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = (first_source_ + i) % count;
    const Source& source = poll_->sources[at];
    if (source.channel != channel || (poll_->items[at + 1].revents & ZMQ_POLLIN) == 0) continue;
    while (frames.size() < limit && bytes < options_.turn_bytes) {
      const size_t before = frames.size();
      if (!receive_one(source, frames, now)) break;
      if (frames.size() > before && channel == LinkChannel::bulk)
        bytes += frames.back().bytes.size();
    }
  }
}

bool ZmqLink::receive_one(const Source& source, std::vector<LinkFrame>& frames, Instant now) {
  const LinkChannel channel = source.channel;
  LinkFrame frame{source.peer, channel, {}};
  if (!source.peer.empty()) {
    Peer& peer = peers_.at(source.peer);
    Lane& lane = peer.lanes[index(channel)];
    if (!lane.dealer.receive(nullptr, frame.bytes)) return false;
    if (channel == LinkChannel::talk) peer.heard = now;
    if (frame.bytes.empty()) {
      opened(channel, lane);
    } else {
      frames.push_back(std::move(frame));
    }
    return true;
  }
  std::string routing_id;
  if (!routers_[index(channel)].receive(&routing_id, frame.bytes)) return false;
  if (frame.bytes.empty()) {
    announced(routing_id, channel);
  } else if (const auto id = parse_routing_id(routing_id)) {
    frame.peer = id->name;
    frames.push_back(std::move(frame));
  } else {
    ++counters_.malformed;
  }
  return true;
}

}  // namespace muster::net
