#pragma once
// The watches of all brokers (design.md section 5): present pages, pulled; snapshot_end; then each
// change once, in order for each device; or, resumed, changes alone. Rows are read as they were
// told (Read::told), so a page never says what a later change says again. Owned by Query, one
// thread.
//
// Bounds: pages are pulled; changes wait for the stream's credit as places in the ring, at most
// backlog_max a watch; beyond, or when the ring has forgotten them, the watch starts anew (reset).

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/wire/messages.hpp"
#include "query/feed.hpp"
#include "query/filter.hpp"
#include "query/options.hpp"
#include "query/run.hpp"

namespace muster::query {

class Watches {
 public:
  using Credit = std::function<bool(const std::string& broker)>;
  using Send = std::function<void(const std::string& broker, wire::WatchRows rows)>;

  Watches(const Options& options, Feed& feed, Credit credit, Send send);

  void open(Now now, const std::string& broker, const wire::WatchOpen& open);
  void more(const std::string& broker, uint64_t watch);
  void close(const std::string& broker, uint64_t watch);
  void drop(const std::string& broker);  // its incarnation is over

  // Sends what it can; about `budget` row visits. `held`: slots whose rows can be read.
  void pump(int64_t& budget, const SlotSet& held);
  bool has_work(const SlotSet& held) const { return !stalled_ && !active_.empty() && held.any(); }
  void credit_changed() { stalled_ = false; }

  size_t size() const { return watches_.size(); }
  size_t backlog() const;
  uint64_t resets() const { return resets_; }

 private:
  using Key = std::pair<std::string, uint64_t>;
  struct Watch {
    Filter filter;
    std::unique_ptr<SlotSet> slots;  // null: all
    std::optional<Position> resume;  // not tried yet
    bool reset = false;              // to be said before anything else
    bool begun = false;              // a page was read
    bool live = false;               // snapshot_end was sent, or it was resumed
    bool resumed = false;            // its watcher has rows that others have answered
    bool active = false;             // in active_
    uint32_t pages = 1;              // asked for and not sent
    std::string after;               // devices up to here were sent
    uint64_t skip_until = 0;         // log numbers that the watcher has already
    std::vector<uint64_t> pending;   // places in the ring
  };
  using Map = std::map<Key, Watch>;
  using Index = std::unordered_map<std::string, std::vector<Map::iterator>>;

  void on_change(const Change& change, uint64_t place);
  void on_reset(bool only_attributes);
  void on_slots_dropped();
  void on_blur();
  void offer(Map::iterator watch, const Change& change, uint64_t place);
  bool wants(const Watch& watch, const Change& change) const;

  std::vector<Map::iterator>& list_of(const Watch& watch);
  void remove(Map::iterator watch);
  void activate(Map::iterator watch);
  void restart(Map::iterator watch);

  void refuse(const Key& watch, const std::string& why);
  bool serve(Map::iterator watch, int64_t& budget);
  void resume(Map::iterator watch);
  void send_page(Map::iterator watch, int64_t& budget);
  struct Page {
    std::vector<wire::AnswerRow> rows;
    size_t bytes = 0;
  };
  bool read_page(Watch& watch, int64_t& budget, Page& page);
  bool read_user(Watch& watch, int64_t& budget, Page& page);
  bool take(const Watch& watch, RowId id, Page& page);
  bool full(const Page& page) const;
  void send_changes(Map::iterator watch, int64_t& budget);
  Position position(const Watch& watch) const;

  const Options& options_;
  Feed& feed_;
  const Credit credit_;
  const Send send_;
  Map watches_;
  Index by_user_, by_device_;  // watches of one user, of one device
  std::vector<Map::iterator> general_;
  std::deque<Key> active_;  // have something to do, in turn
  bool stalled_ = false;    // nobody who has something to do has credit
  uint64_t resets_ = 0;
};

}  // namespace muster::query
