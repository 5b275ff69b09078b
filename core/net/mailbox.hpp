#pragma once
// Letters from many threads to one. A producer hands over its letters of a whole turn under one
// lock, and wakes the consumer only when the box was empty; the consumer takes all of them at once.
// The order of one producer is kept. Letters that the consumer has done with may go back the same
// way, for their memory. Bound: depth() tells producers how much waits; holding back
// (stop reading publishers, refuse with a reason) is theirs, the box never drops.

#include <atomic>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/net/waker.hpp"

namespace muster::net {

template <class Letter>
class Mailbox {
 public:
  explicit Mailbox(Waker& waker) : waker_(waker) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  // Any thread. `letters` is empty afterwards.
  void post(std::vector<Letter>& letters) {
    if (letters.empty()) return;
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      was_empty = letters_.empty();
      if (was_empty) {
        letters_.swap(letters);
      } else {
        letters_.insert(letters_.end(), std::make_move_iterator(letters.begin()),
                        std::make_move_iterator(letters.end()));
      }
      depth_.store(letters_.size(), std::memory_order_relaxed);
    }
    letters.clear();
    if (was_empty) waker_.wake();
  }

  void post(Letter letter) {
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      was_empty = add(letter);
    }
    if (was_empty) waker_.wake();
  }

  // As post(). `letter` is afterwards one that the consumer has given back, or moved from.
  void exchange(Letter& letter) {
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      was_empty = add(letter);
      if (!done_.empty()) {
        letter = std::move(done_.back());
        done_.pop_back();
      }
    }
    if (was_empty) waker_.wake();
  }

  // The consumer. `letters` comes in empty (its capacity is used again). False: nothing waits.
  bool take(std::vector<Letter>& letters) {
    MUSTER_CHECK(letters.empty());
    if (depth() == 0) return false;
    const std::lock_guard lock(mutex_);
    letters_.swap(letters);
    depth_.store(0, std::memory_order_relaxed);
    return true;
  }

  // As take(). Gives back `done`, emptied letters; those over the limit are let go.
  bool take(std::vector<Letter>& letters, std::vector<Letter>& done) {
    MUSTER_CHECK(letters.empty());
    if (depth() == 0) return false;
    {
      const std::lock_guard lock(mutex_);
      letters_.swap(letters);
      depth_.store(0, std::memory_order_relaxed);
      while (!done.empty() && done_.size() < done_limit) {
        done_.push_back(std::move(done.back()));
        done.pop_back();
      }
    }
    done.clear();
    return true;
  }

  // Letters that wait, without a lock: exact for nobody, good enough for a bound. A letter whose
  // producer has called wake() is always counted once the consumer has drained its waker.
  size_t depth() const { return depth_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t done_limit = 8;

  // Locked. Whether it was empty.
  bool add(Letter& letter) {
    const bool was_empty = letters_.empty();
    letters_.push_back(std::move(letter));
    depth_.store(letters_.size(), std::memory_order_relaxed);
    return was_empty;
  }

  Waker& waker_;
  std::mutex mutex_;
  std::vector<Letter> letters_;
  std::vector<Letter> done_;
  std::atomic<size_t> depth_{0};
};

}  // namespace muster::net
