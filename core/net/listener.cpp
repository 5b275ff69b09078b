#include "core/net/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cctype>
#include <cerrno>
#include <memory>
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

Fd open_spare() {
  return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
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

Listener::Listener(Fd socket, uint16_t port)
    : socket_(std::move(socket)), spare_(open_spare()), port_(port) {}

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
  int fd = -1;
  do {
    fd = ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (fd >= 0) {
    Accepted accepted{Accepted::Kind::connection, Fd(fd)};
    enable(accepted.socket, IPPROTO_TCP, TCP_NODELAY);
    return accepted;
  }
  if (errno != EMFILE && errno != ENFILE) return {};
  // The loop is level-triggered: a connection that cannot be accepted would spin it for ever.
  spare_.reset();
  Fd turned_away(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const bool refused = static_cast<bool>(turned_away);
  turned_away.reset();
  spare_ = open_spare();
  return {refused ? Accepted::Kind::refused : Accepted::Kind::none, {}};
}

}  // namespace muster::net
