#include "core/net/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cctype>
#include <cerrno>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <system_error>

#include "core/net/address.hpp"

namespace muster::net {
namespace {

using Resolved = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string error_text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty()) text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

void enable(const Fd& fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd.get(), level, option, &on, sizeof on);
}

// The descriptor in reserve. Whoever gives it up holds the lock alone; whoever accepts shares it.
// Other parts of the process know no lock and may take it: until it is back nobody is accepted.
class Reserve {
 public:
  // 0, or why there is none.
  int keep() {
    if (const std::shared_lock shared(mutex_); spare_) return 0;
    const std::lock_guard alone(mutex_);
    return spare_ ? 0 : reopen();
  }

  // 0 and a socket, or the error.
  int accept(const Fd& listener, Fd& socket, sockaddr_storage& peer) {
    const std::shared_lock shared(mutex_);
    return accept_now(listener, socket, peer);
  }

  // 0: one was turned away; or the error.
  int turn_away(const Fd& listener) {
    const std::lock_guard alone(mutex_);
    spare_.reset();
    Fd socket;
    sockaddr_storage peer{};
    const int error = accept_now(listener, socket, peer);
    socket.reset();
    reopen();
    return error;
  }

 private:
  static int accept_now(const Fd& listener, Fd& socket, sockaddr_storage& peer) {
    socklen_t size = sizeof peer;
    socket = Fd(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    return socket ? 0 : errno;
  }
  int reopen() {
    spare_ = Fd(::eventfd(0, EFD_CLOEXEC));
    return spare_ ? 0 : errno;
  }

  std::shared_mutex mutex_;
  Fd spare_;
};

Reserve& reserve() {
  static Reserve one;
  return one;
}

bool is_passing(int error) {
  return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Accepted not_accepted(int error) {
  if (is_passing(error)) return {};
  return {Accepted::Kind::stuck, {}, {}, error};
}

uint16_t port_of(const Fd& socket) {
  const std::string text = local_address(socket);
  return static_cast<uint16_t>(std::stoi(text.substr(text.rfind(':') + 1)));
}

// The first address that can be bound; 0, or the error of the last one.
int bind_first(const addrinfo* list, Listener::Options options, Fd& bound) {
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    Fd socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket) {
      enable(socket, SOL_SOCKET, SO_REUSEADDR);
      enable(socket, IPPROTO_TCP, TCP_NODELAY);  // Linux: whoever is accepted has it too
      if (options.shared_port) enable(socket, SOL_SOCKET, SO_REUSEPORT);
      if (::bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0 &&
          ::listen(socket.get(), options.backlog) == 0) {
        bound = std::move(socket);
        return 0;
      }
    }
    error = errno;
  }
  return error;
}

}  // namespace

Listener::Listener(Fd socket, uint16_t port) : socket_(std::move(socket)), port_(port) {
  reserve().keep();
}

Expected<Listener, std::string> Listener::open(const std::string& address, Options options) {
  const auto parsed = parse_address(address);
  if (!parsed) return Unexpected{parsed.error()};

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const char* host = parsed->host.empty() ? nullptr : parsed->host.c_str();
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host, std::to_string(parsed->port).c_str(), &hints, &list);
  const Resolved owner(list, &freeaddrinfo);
  if (failed != 0) return Unexpected{address + ": unknown host"};

  Fd socket;
  if (const int error = bind_first(list, options, socket); error != 0) {
    return Unexpected{address + ": " + error_text(error)};
  }
  const uint16_t port = port_of(socket);
  return Listener(std::move(socket), port);
}

Accepted Listener::accept() {
  if (const int error = reserve().keep(); error != 0) return not_accepted(error);
  Accepted accepted;
  sockaddr_storage peer{};
  const int error = reserve().accept(socket_, accepted.socket, peer);
  if (error == 0) {
    accepted.kind = Accepted::Kind::connection;
    accepted.address = address_text(peer);
    return accepted;
  }
  if (!is_shortage(error)) return not_accepted(error);
  // The loop is level-triggered: a connection that cannot be accepted would spin it for ever.
  if (const int still = reserve().turn_away(socket_); still != 0) return not_accepted(still);
  accepted.kind = Accepted::Kind::refused;
  return accepted;
}

}  // namespace muster::net
