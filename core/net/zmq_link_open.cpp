// Binding, dialling, dialling again, closing; what moves frames is in zmq_link.cpp.

#include <fmt/format.h>
#include <zmq.h>

#include <algorithm>

#include "core/base/check.hpp"
#include "core/base/log.hpp"
#include "core/net/address.hpp"
#include "core/net/clock.hpp"
#include "core/net/routing_id.hpp"
#include "core/net/zmq_link.hpp"

namespace muster::net {
namespace {

constexpr std::string_view tcp = "tcp://";
constexpr int reconnect_ms = 100;
constexpr int reconnect_limit_ms = 2000;
constexpr int connect_timeout_ms = 2000;
constexpr int handshake_timeout_ms = 5000;
constexpr int unacknowledged_limit_ms = 10'000;
constexpr int keep_alive_s = 60;
constexpr int curve_overhead = 64;  // bytes around an encrypted frame: 33

// ZeroMQ dials names but binds only addresses (and interfaces).
std::string bindable(const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  if (!endpoint.starts_with(tcp) || endpoint[tcp.size()] == '[') return endpoint;
  const std::string host = endpoint.substr(tcp.size(), colon - tcp.size());
  return std::string(tcp) + (host == "*" ? host : numeric(host)) + endpoint.substr(colon);
}

// The host as it was written: others may know it only by that name.
std::string with_actual_port(const std::string& endpoint, const std::string& bound) {
  if (!endpoint.starts_with(tcp)) return endpoint;
  return endpoint.substr(0, endpoint.rfind(':')) + bound.substr(bound.rfind(':'));
}

}  // namespace

Expected<std::unique_ptr<ZmqLink>, std::string> ZmqLink::open(ZmqContext& context,
                                                              LinkOptions options) {
  if (!is_node_name(options.name)) {
    return Unexpected{"\"" + options.name + "\": a node's name is 1 to 64 of a-z A-Z 0-9 . _ -"};
  }
  for (const std::string* endpoint : {&options.talk, &options.bulk}) {
    const auto allowed = context.allows(*endpoint);
    if (!allowed) return Unexpected{allowed.error()};
  }
  std::unique_ptr<ZmqLink> link(new ZmqLink(context, std::move(options)));
  if (const std::string error = link->bind(); !error.empty()) return Unexpected{error};
  return link;
}

std::string ZmqLink::bind() {
  const std::string wanted[link_channels] = {options_.talk, options_.bulk};
  for (const LinkChannel channel : {LinkChannel::talk, LinkChannel::bulk}) {
    ZmqSocket& router = routers_[index(channel)];
    const std::string& endpoint = wanted[index(channel)];
    router = ZmqSocket(context_.handle(), ZMQ_ROUTER);
    limit(router, channel, endpoint);
    router.set(ZMQ_ROUTER_MANDATORY, 1);
    // A reconnect keeps its id, and the broken connection may not be known as such here yet.
    router.set(ZMQ_ROUTER_HANDOVER, 1);
    if (context_.keys() && endpoint.starts_with(tcp)) {
      router.set(ZMQ_CURVE_SERVER, 1);
      router.set(ZMQ_CURVE_SECRETKEY, context_.keys()->secret_key);
      watch_door(channel);
    }
    if (const int error = router.bind(bindable(endpoint)); error != 0) {
      std::string text = zmq_strerror(error);
      if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] += 'a' - 'A';
      return endpoint + ": " + text;
    }
    endpoints_[index(channel)] = with_actual_port(endpoint, router.last_endpoint());
  }
  return {};
}

// What every socket of a channel has in common.
void ZmqLink::limit(ZmqSocket& socket, LinkChannel channel, const std::string& endpoint) {
  const bool talk = channel == LinkChannel::talk;
  const int frames = talk ? options_.talk_frames : options_.bulk_frames;
  socket.set(ZMQ_SNDHWM, frames);
  socket.set(ZMQ_RCVHWM, frames);
  if (!endpoint.starts_with(tcp)) return;
  const int64_t largest = static_cast<int64_t>(options_.frame_bytes) + curve_overhead;
  MUSTER_CHECK(zmq_setsockopt(socket.handle(), ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0);
  socket.set(ZMQ_IPV6, endpoint.find('[') == endpoint.npos ? 0 : 1);
  socket.set(ZMQ_HANDSHAKE_IVL, handshake_timeout_ms);
  // A host that vanished without a word: queues to it must not stay for ever.
  socket.set(ZMQ_TCP_MAXRT, unacknowledged_limit_ms);
  socket.set(ZMQ_TCP_KEEPALIVE, 1);
  socket.set(ZMQ_TCP_KEEPALIVE_IDLE, keep_alive_s);
}

void ZmqLink::watch_door(LinkChannel channel) {
  const std::string address = fmt::format("inproc://door-{:x}", random_number());
  const int events = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  const ZmqSocket& router = routers_[index(channel)];
  MUSTER_CHECK(zmq_socket_monitor(router.handle(), address.c_str(), events) == 0);
  ZmqSocket& door = doors_[index(channel)];
  door = ZmqSocket(context_.handle(), ZMQ_PAIR);
  MUSTER_CHECK(door.connect(address) == 0);
}

void ZmqLink::read_door() {
  for (ZmqSocket& door : doors_) {
    Bytes address;
    Bytes event;
    while (door && door.receive(&event, address)) {
      const uint64_t times = ++counters_.refused;
      if ((times & (times - 1)) != 0) continue;  // the powers of two: strangers retry for ever
      log::warning("{}: refused a connection without the cluster's key ({} so far)", address,
                   times);
    }
  }
}

void ZmqLink::dial(const std::string& name, const std::string& talk, const std::string& bulk,
                   Instant now) {
  if (talk.empty() || bulk.empty()) {
    peers_.erase(name);
    stale_ = true;
    return;
  }
  for (const std::string* endpoint : {&talk, &bulk}) {
    const auto allowed = context_.allows(*endpoint);
    if (allowed) continue;
    log::warning("{} cannot be dialled: {}", name, allowed.error());
    return;
  }
  Peer& peer = peers_[name];
  if (peer.dialled[0] == talk && peer.dialled[1] == bulk) return;
  peer.dialled[0] = talk;
  peer.dialled[1] = bulk;
  connect(name, peer, LinkChannel::talk, now);
  connect(name, peer, LinkChannel::bulk, now);
}

void ZmqLink::connect(const std::string& name, Peer& peer, LinkChannel channel, Instant now) {
  const std::string& endpoint = peer.dialled[index(channel)];
  Lane lane;
  lane.dialled = now;
  lane.dealer = ZmqSocket(context_.handle(), ZMQ_DEALER);
  limit(lane.dealer, channel, endpoint);
  lane.dealer.set(ZMQ_ROUTING_ID, make_routing_id(options_.name, options_.incarnation, ++dials_));
  lane.dealer.set(ZMQ_IMMEDIATE, 1);
  lane.dealer.set(ZMQ_PROBE_ROUTER, 1);
  if (endpoint.starts_with(tcp)) {
    lane.dealer.set(ZMQ_RECONNECT_IVL, reconnect_ms);
    lane.dealer.set(ZMQ_RECONNECT_IVL_MAX, reconnect_limit_ms);
    lane.dealer.set(ZMQ_CONNECT_TIMEOUT, connect_timeout_ms);
    if (context_.keys()) {
      lane.dealer.set(ZMQ_CURVE_SERVERKEY, context_.keys()->public_key);
      lane.dealer.set(ZMQ_CURVE_PUBLICKEY, context_.keys()->public_key);
      lane.dealer.set(ZMQ_CURVE_SECRETKEY, context_.keys()->secret_key);
    }
  }
  if (const int error = lane.dealer.connect(endpoint); error != 0) {
    log::warning("{} cannot be dialled: {}: {}", name, endpoint, zmq_strerror(error));
  }
  peer.lanes[index(channel)] = std::move(lane);
  stale_ = true;
}

Instant ZmqLink::redial_at(const Peer& peer, LinkChannel channel) const {
  const Lane& lane = peer.lanes[index(channel)];
  if (!lane.dealer) return never;
  if (!lane.open) return lane.dialled + options_.redial_after;
  if (channel == LinkChannel::bulk) return never;  // it may well have nothing to say
  return std::max(lane.dialled, peer.heard) + options_.redial_after;
}

void ZmqLink::tick(Instant now) {
  for (auto& [name, peer] : peers_) {
    const bool silent = redial_at(peer, LinkChannel::talk) <= now;
    if (!silent && redial_at(peer, LinkChannel::bulk) > now) continue;
    ++counters_.redials;
    if (silent) connect(name, peer, LinkChannel::talk, now);
    connect(name, peer, LinkChannel::bulk, now);
  }
}

Instant ZmqLink::next_wake() const {
  Instant wake = never;
  for (const auto& [name, peer] : peers_) {
    wake = std::min({wake, redial_at(peer, LinkChannel::talk), redial_at(peer, LinkChannel::bulk)});
  }
  return wake;
}

void ZmqLink::close(Duration drain) {
  for (ZmqSocket& router : routers_) {
    if (router) router.set(ZMQ_LINGER, wait_ms(drain));
    router.reset();
  }
  for (auto& [name, peer] : peers_) {
    for (Lane& lane : peer.lanes) {
      if (lane.dealer) lane.dealer.set(ZMQ_LINGER, wait_ms(drain));
    }
  }
  peers_.clear();
  for (ZmqSocket& door : doors_) {
    door.reset();
  }
  stale_ = true;
}

}  // namespace muster::net
