#pragma once
// The pages of one snapshot, in the order of devices, beside a watch that brings changes meanwhile.
// Of a device nothing is passed on before its snapshot row, and no change that this row contained
// already: page and change come from different servers, and their places in the log say which is
// newer. Owned by who needs the rows (a subscriber, a table of states), on the Node's thread.

#include <map>
#include <string>
#include <vector>

#include "broker/node_presence_item.hpp"
#include "core/base/ids.hpp"

namespace muster::broker {

class NodeSnapshot {
 public:
  // `generations` is counted up for each beginning, so that no two are mistaken for each other.
  explicit NodeSnapshot(uint64_t& generations) : generations_(generations) {}

  // From the first device on; a page counts if it is not older than `at_least`, where the watch
  // was.
  void begin(Position at_least);
  void skip() { done_ = true; }  // no snapshot is wanted: only changes

  bool done() const { return done_; }
  bool wants_page() const { return begun_ && !done_ && !asked_; }

  // The next page's query; the answer is good for the generation() of now.
  wire::Query ask(const std::string& user, uint32_t rows);
  uint64_t generation() const { return generation_; }
  void retry() { asked_ = false; }  // no usable answer came
  // Is it a page, new enough, and does it lead on?
  bool usable(const wire::Answer& answer) const;
  // Takes the page of `user` in; returns what is to be passed on.
  std::vector<PresenceItemPtr> page(const std::string& user, wire::Answer answer);

  // Is the change, which stands at `at` in the log, to be passed on now? If its device is not past
  // it is kept for its page; over `limit` of those all are dropped, and pages must be as new as
  // `at`.
  bool passed(const PresenceItemPtr& change, Position at, size_t limit);

 private:
  uint64_t& generations_;
  bool begun_ = false;
  bool done_ = false;
  bool asked_ = false;
  uint64_t generation_ = 0;  // a page asked for under an older one is void
  Position at_least_;
  std::string after_;  // devices up to here are past
  struct Ahead {
    PresenceItemPtr item;
    Position at;
  };
  std::map<std::string, Ahead> ahead_;
  struct Page {
    std::string last;  // device; empty: all that follow
    Position as_of;
  };
  std::vector<Page> pages_;  // those that are past, in order
  // Rows that were read after their page's `as_of`, a scan takes its time: what they show.
  std::map<std::string, uint64_t> newer_;
  bool contained(const std::string& device, Position at) const;
};

// Who `user` is in a query: a name, or everybody.
std::vector<wire::Condition> presence_conditions(const std::string& user);

}  // namespace muster::broker
