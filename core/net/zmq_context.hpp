#pragma once
// What all ZeroMQ sockets of one process share: the context (inproc:// names live in it), the
// cluster's key, and the doorman who lets only holders of that key past the CURVE handshake. Made
// before the first link and destroyed after the last one, by the same thread.

#include <optional>
#include <string>
#include <thread>

#include "core/base/expected.hpp"
#include "core/net/curve.hpp"
#include "core/net/zmq_socket.hpp"

namespace muster::net {

class ZmqContext {
 public:
  ZmqContext() : ZmqContext(std::nullopt) {}
  explicit ZmqContext(std::optional<CurveKeys> keys);
  ~ZmqContext();  // waits until closed links have sent their last frames, at most their drain time
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  const std::optional<CurveKeys>& keys() const { return keys_; }
  void* handle() const { return handle_; }

  // May a node bind or dial it? tcp:// that is not loopback needs the key. The error is one line.
  Expected<Done, std::string> allows(const std::string& endpoint) const;

 private:
  void guard_door(ZmqSocket socket);

  std::optional<CurveKeys> keys_;
  void* handle_ = nullptr;
  std::thread doorman_;
};

}  // namespace muster::net
