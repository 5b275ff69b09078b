#include "core/net/zmq_socket.hpp"

#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/check.hpp"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace muster::net {
namespace {

// libzmq is not instrumented: tell the thread sanitizer that what was written before a send is seen
// after the receive. One address for all frames; minds share nothing else.
#if defined(__SANITIZE_THREAD__)
char handover;
void hand_over() {
  __tsan_release(&handover);
}
void take_over() {
  __tsan_acquire(&handover);
}
#else
void hand_over() {}
void take_over() {}
#endif

// From here on a frame is passed by reference instead of being copied into libzmq.
constexpr size_t copy_below = 4096;

// Called by whichever thread lets the message go last.
void free_bytes(void*, void* hint) {
  take_over();
  delete static_cast<Bytes*>(hint);
}

void fill(zmq_msg_t& message, Bytes bytes) {
  if (bytes.size() < copy_below) {
    MUSTER_CHECK(zmq_msg_init_size(&message, bytes.size()) == 0);
    std::memcpy(zmq_msg_data(&message), bytes.data(), bytes.size());
    return;
  }
  auto owned = std::make_unique<Bytes>(std::move(bytes));
  const int made =
      zmq_msg_init_data(&message, owned->data(), owned->size(), &free_bytes, owned.get());
  MUSTER_CHECK(made == 0);
  owned.release();  // free_bytes has it
}

void copy_out(zmq_msg_t& message, std::string& text) {
  text.assign(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
}

}  // namespace

ZmqSocket::ZmqSocket(void* context, int type) : handle_(zmq_socket(context, type)) {
  MUSTER_CHECK(handle_ != nullptr);
  set(ZMQ_LINGER, 0);
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

ZmqSocket& ZmqSocket::operator=(ZmqSocket&& other) noexcept {
  if (this != &other) {
    reset();
    handle_ = std::exchange(other.handle_, nullptr);
  }
  return *this;
}

void ZmqSocket::reset() {
  if (handle_ != nullptr) zmq_close(handle_);
  handle_ = nullptr;
}

void ZmqSocket::set(int option, int value) {
  MUSTER_CHECK(zmq_setsockopt(handle_, option, &value, sizeof value) == 0);
}

void ZmqSocket::set(int option, const std::string& value) {
  MUSTER_CHECK(zmq_setsockopt(handle_, option, value.data(), value.size()) == 0);
}

int ZmqSocket::bind(const std::string& endpoint) {
  return zmq_bind(handle_, endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

int ZmqSocket::connect(const std::string& endpoint) {
  return zmq_connect(handle_, endpoint.c_str()) == 0 ? 0 : zmq_errno();
}

std::string ZmqSocket::last_endpoint() const {
  char text[512] = {};
  size_t size = sizeof text;
  MUSTER_CHECK(zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, text, &size) == 0);
  return text;
}

SendStatus ZmqSocket::send(const std::string* to, Bytes bytes) {
  if (to != nullptr && zmq_send(handle_, to->data(), to->size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    if (zmq_errno() == EHOSTUNREACH) return SendStatus::unreachable;
    MUSTER_CHECK(zmq_errno() == EAGAIN || zmq_errno() == EINTR);
    return SendStatus::blocked;
  }
  zmq_msg_t message;
  fill(message, std::move(bytes));
  hand_over();
  if (zmq_msg_send(&message, handle_, ZMQ_DONTWAIT) >= 0) return SendStatus::sent;
  const int error = zmq_errno();
  zmq_msg_close(&message);
  MUSTER_CHECK(error == EAGAIN || error == EINTR || error == EHOSTUNREACH);
  return SendStatus::blocked;
}

bool ZmqSocket::receive(std::string* from, Bytes& bytes) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  bool first = true;
  while (true) {
    if (zmq_msg_recv(&message, handle_, ZMQ_DONTWAIT) < 0) {
      MUSTER_CHECK(zmq_errno() == EAGAIN || zmq_errno() == EINTR);
      break;
    }
    take_over();
    const bool last = zmq_msg_more(&message) == 0;
    if (first && from != nullptr) copy_out(message, *from);
    if (last) {
      copy_out(message, bytes);
      zmq_msg_close(&message);
      return true;
    }
    first = false;
  }
  zmq_msg_close(&message);
  return false;
}

}  // namespace muster::net
