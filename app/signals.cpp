#include "app/signals.hpp"

#include <signal.h>

#include "core/base/check.hpp"

namespace muster::app {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = ours();
  MUSTER_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
}

Wish Signals::wait() {
  const sigset_t set = ours();
  int number = 0;
  MUSTER_CHECK(sigwait(&set, &number) == 0);
  return number == SIGHUP ? Wish::reload : Wish::stop;
}

void Signals::let_go() {
  const sigset_t set = ours();
  MUSTER_CHECK(pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0);
}

}  // namespace muster::app
