#pragma once
// One subscription to a presence topic: what waits for it and what is under way. One PresenceRows
// is under way at a time; meanwhile changes wait keyed by device, the newest replaces an older one
// and counts it as skipped. Bound: backlog(), judged by who owns it (presence_backlog_rows). Owned
// by NodePresence, on the Node's thread.

#include <deque>
#include <optional>

#include "broker/letters.hpp"
#include "broker/node_counters.hpp"
#include "broker/node_snapshot.hpp"

namespace muster::broker {

class NodeSubscriber {
 public:
  NodeSubscriber(PresenceOpen open, uint64_t& generations)
      : open_(std::move(open)), snapshot_(generations) {}

  const PresenceOpen& open() const { return open_; }
  NodeSnapshot& snapshot() { return snapshot_; }  // of devices; not of a state subscription

  // State subscriptions go through the users of the watch's table instead.
  std::string users_after;
  bool users_done = false;

  void begin(Position at_least);  // forget everything and start with a snapshot
  void skip();                    // no snapshot is wanted
  void page(std::vector<PresenceItemPtr> rows) { page_ = std::move(rows); }
  void change(PresenceItemPtr item, NodeCounters& counters);
  size_t backlog() const { return waiting_.size(); }

  void more() { under_way_ = false; }
  bool wants_page() const { return !under_way_ && page_.empty(); }
  // The next letter, if none is under way and there is something to say.
  std::optional<PresenceRows> take(size_t rows, NodeCounters& counters);

 private:
  struct Waiting {
    PresenceItemPtr item;
    uint32_t skipped = 0;
  };
  PresenceOpen open_;
  NodeSnapshot snapshot_;
  bool under_way_ = false;
  std::vector<PresenceItemPtr> page_;  // snapshot rows; go before all changes
  std::map<std::string, Waiting> waiting_;
  std::deque<std::string> order_;  // the keys of waiting_, the longest waiting first
};

}  // namespace muster::broker
