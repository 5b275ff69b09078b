#pragma once
// What Paho's thread hands to the command's: messages in their order, then the end. Unbounded as
// Paho's own queue is: a tool prints faster than a broker sends, or falls behind and is closed.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "clients/connection.hpp"

namespace muster::clients {

class Arrivals {
 public:
  // Paho's thread.
  void add(Message message);
  void end(const std::string& why);  // the first reason is the one that is told

  // The command's thread. Nothing: the time is over. Failure: nothing is left and nothing will
  // come.
  std::optional<Message> next(std::optional<std::chrono::milliseconds> timeout);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Message> messages_;
  std::optional<std::string> ended_;
};

}  // namespace muster::clients
