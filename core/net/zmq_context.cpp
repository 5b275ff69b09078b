#include "core/net/zmq_context.hpp"

#include <zmq.h>

#include <cstring>
#include <vector>

#include "core/base/check.hpp"
#include "core/net/address.hpp"

namespace muster::net {
namespace {

// ZeroMQ RFC 27 (ZAP): version, request id, domain, address, identity, mechanism, credentials.
constexpr size_t request_id = 1;
constexpr size_t mechanism = 5;
constexpr size_t client_key = 6;
constexpr size_t request_parts = 7;

// One request; empty when the context ends.
std::vector<std::string> next_request(void* socket) {
  std::vector<std::string> parts;
  bool more = true;
  while (more) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket, 0) < 0) {
      zmq_msg_close(&message);
      if (zmq_errno() == EINTR) continue;
      return {};
    }
    parts.emplace_back(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
    more = zmq_msg_more(&message) != 0;
    zmq_msg_close(&message);
  }
  return parts;
}

void answer(void* socket, const std::string& id, bool welcome) {
  const std::string parts[] = {
      "1.0", id, welcome ? "200" : "400", welcome ? "OK" : "not the cluster's key", "", ""};
  for (size_t i = 0; i < std::size(parts); ++i) {
    const int more = i + 1 < std::size(parts) ? ZMQ_SNDMORE : 0;
    if (zmq_send(socket, parts[i].data(), parts[i].size(), more) < 0) return;
  }
}

}  // namespace

ZmqContext::ZmqContext(std::optional<CurveKeys> keys)
    : keys_(std::move(keys)), handle_(zmq_ctx_new()) {
  MUSTER_CHECK(handle_ != nullptr);
  if (!keys_) return;
  ZmqSocket socket(handle_, ZMQ_REP);
  MUSTER_CHECK(socket.bind("inproc://zeromq.zap.01") == 0);
  doorman_ = std::thread(&ZmqContext::guard_door, this, std::move(socket));
}

ZmqContext::~ZmqContext() {
  zmq_ctx_shutdown(handle_);
  if (doorman_.joinable()) doorman_.join();
  while (zmq_ctx_term(handle_) != 0) {
    MUSTER_CHECK(zmq_errno() == EINTR);
  }
}

void ZmqContext::guard_door(ZmqSocket socket) {
  unsigned char key[32];
  MUSTER_CHECK(zmq_z85_decode(key, keys_->public_key.c_str()) != nullptr);
  const std::string accepted(reinterpret_cast<const char*>(key), sizeof key);
  while (true) {
    const auto request = next_request(socket.handle());
    if (request.empty()) return;
    MUSTER_CHECK(request.size() > request_id);  // libzmq itself is who asks
    const bool welcome = request.size() == request_parts && request[mechanism] == "CURVE" &&
                         request[client_key] == accepted;
    answer(socket.handle(), request[request_id], welcome);
  }
}

Expected<Done, std::string> ZmqContext::allows(const std::string& endpoint) const {
  if (endpoint.starts_with("inproc://") && endpoint.size() > 9) return Done{};
  if (!endpoint.starts_with("tcp://")) {
    return Unexpected{endpoint + ": not an endpoint (tcp://host:port or inproc://name)"};
  }
  std::string address = endpoint.substr(6);
  if (address.ends_with(":*")) address.back() = '0';
  const auto parsed = parse_address(address);
  if (!parsed) return Unexpected{endpoint + ": not an endpoint (tcp://host:port)"};
  if (!keys_ && !is_loopback(parsed->host)) {
    return Unexpected{endpoint + ": not loopback, so it needs the cluster's key (muster keys)"};
  }
  return Done{};
}

}  // namespace muster::net
