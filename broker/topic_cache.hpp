#pragma once
// Topic -> who gets it, resolved once: subscribers deduplicated per client, and the other shards
// and nodes (hotpath.md, step 3). A change of an exact filter touches one entry, a change of a
// wildcard filter outdates all. Bounded: a full cache is emptied. What it holds lies together, in
// memory of its own: a heap that a million subscriptions went through gives out places that are
// pages apart, and a message that looks at some thousand of them waits for each.

#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "broker/groups.hpp"
#include "broker/interests.hpp"
#include "broker/routes.hpp"
#include "core/base/flat_index.hpp"
#include "core/base/local_ptr.hpp"

namespace muster::broker {

// Who gets it. Small: all of a topic's are walked through for each message.
struct Target {
  struct Seldom;  // what only few have

  uint32_t client = 0;
  mqtt::Qos qos = mqtt::Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  bool persistent = false;  // what is delivered with QoS > 0 comes through its inbox instead
  LocalPtr<Seldom> seldom;  // common to its copies

  void add_identifier(uint32_t identifier);  // 0: none
  bool has_identifiers() const;
  bool looks_at_publisher() const;
  // As it stands towards its own publications; nullptr: it does not want them (3.8.3-3).
  const Target* towards_own() const;
};
static_assert(sizeof(Target) == 16);

struct Target::Seldom {
  std::vector<uint32_t> identifiers;
  // What the client gets of its own publications, where only some of its subscriptions that match
  // say No Local.
  std::unique_ptr<const Target> own;
};

inline bool Target::has_identifiers() const {
  return seldom && !seldom->identifiers.empty();
}
inline bool Target::looks_at_publisher() const {
  return no_local || (seldom && seldom->own);
}
inline const Target* Target::towards_own() const {
  if (no_local) return nullptr;
  return seldom && seldom->own ? seldom->own.get() : this;
}

struct Resolved {
  using allocator_type = std::pmr::polymorphic_allocator<>;
  explicit Resolved(const allocator_type& memory) : topic(memory), targets(memory) {}

  std::pmr::string topic;
  std::pmr::vector<Target> targets;  // ordered by client
  RouteSet routes;
  std::vector<uint32_t> groups;  // shared subscriptions that match, by number
  uint64_t wildcards = 0;        // resolved at this stamp

  // Up to which QoS it may take the short way (shard_plain.cpp), from 3.1.1 and from 5.0; the shard
  // finds out when it first needs to know.
  enum class Plain : uint8_t { unknown, nothing, qos0, qos1, qos2 };
  mutable Plain plain[2] = {};       // of own clients'
  mutable Plain plain_here[2] = {};  // of neighbours'
};

class TopicCache {
 public:
  explicit TopicCache(uint32_t limit) : limit_(limit) {}

  // Valid until version() changes.
  const Resolved& find(BytesView topic, const Interests& interests, const Routes& routes,
                       const Groups& groups);
  // What find() has found before, if it still holds; else nullptr.
  const Resolved* peek(BytesView topic) const;
  uint64_t version() const { return version_; }

  void filter_changed(BytesView filter);
  void all_changed();

 private:
  uint32_t place_of(BytesView topic) const;
  uint32_t add(BytesView topic);

  uint32_t limit_;
  uint64_t version_ = 1;
  uint64_t wildcards_ = 1;  // rises with each change of a wildcard filter
  std::pmr::unsynchronized_pool_resource memory_;
  std::pmr::deque<Resolved> entries_{&memory_};
  std::vector<uint32_t> unused_;  // places in it
  FlatIndex index_;               // hash of the topic -> its place
};

}  // namespace muster::broker
