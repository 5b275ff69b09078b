#pragma once
// Virtual time: what is to happen, in order of time and then of arrival. Owned by one world. Time
// is the world's true time, which nobody inside the world can read: each process has a clock of its
// own.

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/time.hpp"

namespace muster::sim {

class Schedule {
 public:
  using Action = std::function<void()>;

  Instant now() const { return now_; }
  size_t size() const { return heap_.size(); }

  void at(Instant when, Action action) {
    heap_.push_back({std::max(when, now_), order_++, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end());
  }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  // Runs everything up to and including `until`.
  void run(Instant until) {
    while (!heap_.empty() && heap_.front().when <= until) {
      std::pop_heap(heap_.begin(), heap_.end());
      Entry entry = std::move(heap_.back());
      heap_.pop_back();
      now_ = entry.when;
      ++steps_;
      entry.action();
    }
    now_ = until;
  }
  uint64_t steps() const { return steps_; }

 private:
  struct Entry {
    Instant when;
    uint64_t order;
    Action action;
    // The heap's top is the greatest: turned round.
    bool operator<(const Entry& other) const {
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  Instant now_{};
  uint64_t order_ = 0;
  uint64_t steps_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace muster::sim
