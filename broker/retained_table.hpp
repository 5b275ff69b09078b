#pragma once
// The retained messages of the topics whose home is this shard: what global has (a replica, kept by
// RetainedPart letters), and what this broker has published and not heard of from global yet (its
// own, shown until the echo is there). Ordered by topic. Owned by one shard.
//
// Own values: at most own_limit topics; further ones are shown once global has told them.
// A snapshot replaces the replica: what it did not name is dead once it is whole, and swept in
// slices. Memory: about 150 bytes for a topic beside its text, payload and properties.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/letters.hpp"
#include "core/base/time.hpp"

namespace muster::broker {

class RetainedTable {
 public:
  static constexpr size_t own_limit = 65'536;

  explicit RetainedTable(uint16_t shards) : owns_(shards) {}

  // ---- the replica
  void begin() { ++generation_; }
  void set(Now now, const RetainedValue& value);  // an empty payload clears
  void end();
  // Global has what shard i published up to its counter echoed[i].
  void echoed(const std::vector<uint64_t>& counters);

  // ---- own
  // The next of this shard's retained publications: whether it is shown depends on its echo.
  void own(Now now, ShardIndex from, uint64_t counter, const RetainedValue& value);

  // The topics behind `after` that `filter` matches, in order; looks at no more than `most` and
  // stops behind `bytes`. True: that was all. `after` moves on.
  bool read(Now now, BytesView filter, std::string& after, size_t most, size_t bytes,
            std::vector<RetainedValue>& found) const;

  // Takes away what has expired and what is dead, at most `most` topics.
  void sweep(Now now, size_t most);
  Instant next_sweep() const;

  size_t size() const { return values_.size(); }
  size_t bytes() const { return bytes_; }
  size_t owns() const { return own_.size(); }
  size_t waiting() const;  // notes of what own values wait for

 private:
  // Topic, payload, properties and publisher one behind the other.
  struct Value {
    Bytes bytes;
    uint32_t topic = 0;
    uint32_t payload = 0;
    uint32_t properties = 0;
    uint8_t qos = 0;
    uint32_t generation = 0;
    Instant expires = never;
    BytesView name() const { return BytesView(bytes).substr(0, topic); }
  };
  struct ByName {
    using is_transparent = void;
    bool operator()(const Value& a, const Value& b) const { return a.name() < b.name(); }
    bool operator()(const Value& a, BytesView b) const { return a.name() < b; }
    bool operator()(BytesView a, const Value& b) const { return a < b.name(); }
  };
  struct Own {
    ShardIndex from{};
    uint64_t counter = 0;
    Value value;
  };
  struct Owns {  // of one publishing shard
    uint64_t echoed = 0;
    std::deque<std::pair<uint64_t, std::string>> waiting;  // counter, topic
  };
  static constexpr uint32_t any_generation = UINT32_MAX;

  static Value pack(Now now, const RetainedValue& value, uint32_t generation);
  static RetainedValue unpack(Now now, const Value& value);
  bool alive(Now now, const Value& value) const;
  void compact(size_t from);
  void erase(std::set<Value, ByName>::iterator at);

  std::set<Value, ByName> values_;
  std::map<std::string, Own, std::less<>> own_;
  std::vector<Owns> owns_;                            // by shard
  std::set<std::pair<Instant, std::string>> expiry_;  // of values_
  size_t bytes_ = 0;
  uint32_t generation_ = 0;
  uint32_t whole_ = 0;     // values of older generations are dead
  bool sweeping_ = false;  // dead ones may be there
  std::string swept_;      // up to here
};

}  // namespace muster::broker
