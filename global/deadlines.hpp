#pragma once
// Things that fall due, each at most once: key and instant. Of those due at the same instant the
// smaller key comes first. A plain container, one thread.

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/time.hpp"

namespace muster::global {

template <class Key>
class Deadlines {
 public:
  void set(const Key& key, Instant at) {
    clear(key);
    if (at == never) return;
    by_key_.emplace(key, at);
    by_time_.emplace(at, key);
  }
  void clear(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    by_time_.erase({found->second, key});
    by_key_.erase(found);
  }
  bool has(const Key& key) const { return by_key_.contains(key); }
  Instant next() const { return by_time_.empty() ? never : by_time_.begin()->first; }
  size_t size() const { return by_key_.size(); }

  std::optional<Key> pop(Instant now) {
    if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
    Key key = by_time_.begin()->second;
    by_time_.erase(by_time_.begin());
    by_key_.erase(key);
    return key;
  }

 private:
  std::map<Key, Instant> by_key_;
  std::set<std::pair<Instant, Key>> by_time_;
};

}  // namespace muster::global
