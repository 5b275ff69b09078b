#pragma once
// One ZeroMQ socket: used by one thread at a time, never blocks. Internal to core/net. Here, and
// nowhere else, data passes through libzmq, which the thread sanitizer does not see: send and
// receive carry the annotations.

#include <string>

#include "core/base/bytes.hpp"

namespace muster::net {

enum class SendStatus {
  sent,
  blocked,      // the queue is full, or nobody is connected
  unreachable,  // ROUTER: no peer of that id
};

class ZmqSocket {
 public:
  ZmqSocket() = default;
  ZmqSocket(void* context, int type);
  ZmqSocket(ZmqSocket&& other) noexcept;
  ZmqSocket& operator=(ZmqSocket&& other) noexcept;
  ~ZmqSocket() { reset(); }

  explicit operator bool() const { return handle_ != nullptr; }
  void* handle() const { return handle_; }
  void reset();  // drops what is queued after ZMQ_LINGER, without waiting here

  void set(int option, int value);
  void set(int option, const std::string& value);
  int bind(const std::string& endpoint);     // 0 or errno
  int connect(const std::string& endpoint);  // 0 or errno
  std::string last_endpoint() const;

  // `to`: the routing id, on ROUTER only. The bytes are gone afterwards, whatever the answer.
  SendStatus send(const std::string* to, Bytes bytes);
  // One whole message: its last part, and on ROUTER the routing id (first part). False: none waits.
  bool receive(std::string* from, Bytes& bytes);

 private:
  void* handle_ = nullptr;
};

}  // namespace muster::net
