#pragma once
// Tasks over slots that this server does not hold: each other slot's holder is asked for its part,
// and the parts become one answer (design.md section 7). A part that is refused or whose server
// goes away is asked of another holder, each holder once; what nobody answers in time is missing,
// and the answer says k of n. Owned by Tasks, one thread.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/wire/query.hpp"
#include "query/slots.hpp"

namespace muster::query {

// The slots that a query is about.
SlotSet slots_needed(const wire::Query& query);

class Merges {
 public:
  // A server that holds the slot and may be asked now, not one of those tried; empty: nobody.
  using Pick = std::function<std::string(uint16_t slot, const std::set<std::string>& tried)>;
  using Ask = std::function<void(const std::string& server, wire::Task part)>;
  using Finish = std::function<void(const wire::Task& task, wire::Answer answer)>;

  Merges(std::string self, Incarnation incarnation, Pick pick, Ask ask, Finish finish);

  // `remote`: slots to ask others for. `local`: a part will come from here by add_local().
  void start(Now now, const wire::Task& task, Instant deadline, const SlotSet& remote, bool local);
  void add_local(Now now, const wire::TaskId& task, wire::Answer part);
  void receive(Now now, const wire::Answer& part);  // TaskAnswer from another server
  void server_down(Now now, const std::string& server);
  void cancel(const wire::TaskId& task);
  void tick(Now now);
  Instant next_wake() const;

  bool knows(const wire::TaskId& task) const { return merges_.count(task) > 0; }
  size_t size() const { return merges_.size(); }

 private:
  struct Part {
    std::string server;
    SlotSet slots;
    std::set<std::string> tried;
  };
  struct Merge {
    wire::Task task;
    Instant give_up = never;  // before the asker's deadline, so that what there is arrives
    bool local = false;
    std::map<uint64_t, Part> parts;
    std::set<std::string> cursors;  // `next` of the parts that have more
    wire::Answer sum;
    wire::Outcome failure = wire::Outcome::unavailable;
  };
  using Map = std::map<wire::TaskId, Merge>;

  void ask_for(Now now, Merge& merge, const SlotSet& slots, const std::set<std::string>& tried);
  void failed(Now now, Merge& merge, uint64_t number, wire::Outcome why);
  static void add(Merge& merge, wire::Answer part);
  void stop_waiting(Merge& merge, wire::Outcome why);
  void finish_if_done(Map::iterator it);
  static void cut(Merge& merge);

  const std::string self_;
  const Incarnation incarnation_;
  const Pick pick_;
  const Ask ask_;
  const Finish finish_;
  Map merges_;
  std::map<uint64_t, wire::TaskId> parts_;  // our tasks to other servers
  std::set<std::pair<Instant, wire::TaskId>> give_ups_;
  uint64_t numbers_ = 0;
};

}  // namespace muster::query
