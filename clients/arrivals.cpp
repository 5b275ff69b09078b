#include "clients/arrivals.hpp"

#include <utility>

namespace muster::clients {

void Arrivals::add(Message message) {
  std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
  changed_.notify_one();
}

void Arrivals::end(const std::string& why) {
  std::lock_guard lock(mutex_);
  if (!ended_) ended_ = why;
  changed_.notify_one();
}

std::optional<Message> Arrivals::next(std::optional<std::chrono::milliseconds> timeout) {
  std::unique_lock lock(mutex_);
  auto any = [this] { return !messages_.empty() || ended_; };
  if (!timeout) {
    changed_.wait(lock, any);
  } else if (!changed_.wait_for(lock, *timeout, any)) {
    return std::nullopt;
  }
  if (messages_.empty()) throw Failure(*ended_);
  Message message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

}  // namespace muster::clients
