#pragma once
// SIGTERM, SIGINT and SIGHUP, taken by the main thread as values. Make one before any other thread
// starts: threads inherit that these signals are blocked.

namespace muster::app {

enum class Wish { stop, reload };

class Signals {
 public:
  Signals();
  // Sleeps until a signal arrives.
  Wish wait();
  // From now on SIGTERM and SIGINT end the process at once: whoever asks twice means it.
  void let_go();
};

}  // namespace muster::app
