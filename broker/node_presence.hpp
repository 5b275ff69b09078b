#pragma once
// The presence topics: all subscriptions of this broker's clients, one shared watch for each
// distinct user filter, and the pages that subscribers pull. A watch begins at the log number that
// a look-up answers with; snapshots are list queries that are at least as new. What fails is tried
// again until the subscription is closed; only who may not see is refused. Owned by the Node, on
// its thread.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "broker/node_states.hpp"
#include "broker/node_subscriber.hpp"
#include "broker/node_tasks.hpp"
#include "broker/node_watch.hpp"

namespace muster::broker {

class NodePresence {
 public:
  NodePresence(NodeDesk& desk, NodeServers& servers, NodeTasks& tasks)
      : desk_(desk), servers_(servers), tasks_(tasks) {}

  void open(Now now, PresenceOpen letter);
  void more(Now now, const PresenceMore& letter);
  void close(const PresenceClose& letter);

  void rows(Now now, const std::string& server, wire::WatchRows rows);
  void servers_changed();  // one came up, or the directory is new
  void server_down(const std::string& server);

  void tick(Now now);
  Instant next_wake() const { return later_.empty() ? never : later_.begin()->first; }
  size_t watches() const { return watches_.size(); }
  size_t subscriptions() const { return subscribers_.size(); }

 private:
  using Key = std::pair<ShardIndex, uint64_t>;  // a subscription
  struct Watch {
    Watch(NodeDesk& desk, NodeServers& servers, uint64_t number, const std::string& user)
        : wire(desk, servers, number, user) {}
    NodeWatch wire;
    std::unique_ptr<NodeStates> states;  // as long as somebody wants them
    size_t state_subscribers = 0;
    bool was_placed = false;
    std::set<Key> subscribers;
  };
  struct Subscription {
    uint64_t watch = 0;
    std::unique_ptr<NodeSubscriber> subscriber;
  };

  // watches
  uint64_t watch_for(Now now, const std::string& user);
  void place(Now now, uint64_t number);
  void place_later(Now now, uint64_t number, const wire::Answer& failed);
  void placed(Now now, uint64_t number, const wire::Answer& answer);
  void begin_states(Now now, uint64_t number, Watch& watch);
  void ask_states(Now now, uint64_t number, Watch& watch);
  void states_answered(Now now, uint64_t number, uint64_t generation, wire::Answer answer);
  void drop_if_unused(uint64_t number);
  // changes
  void changed(Watch& watch, const PresenceItemPtr& item, Position at);
  void give(const Watch& watch, NodeSubscriber& subscriber, const PresenceItemPtr& item);
  // subscribers
  void pump(Now now, const Key& key);
  void pump_all(Now now, const Watch& watch);
  void ask_page(Now now, const Key& key, const std::string& user, NodeSnapshot& snapshot);
  void page_answered(Now now, const Key& key, uint64_t generation, wire::Answer answer);

  NodeSubscriber* find(const Key& key);
  Watch* find_watch(uint64_t number);
  void later(Now now, const wire::Answer& failed, std::function<void(Now)> what);

  NodeDesk& desk_;
  NodeServers& servers_;
  NodeTasks& tasks_;
  std::map<uint64_t, Watch> watches_;  // by number
  std::map<std::string, uint64_t> by_user_;
  std::map<Key, Subscription> subscribers_;
  std::multimap<Instant, std::function<void(Now)>> later_;  // at most one for each page awaited
  uint64_t next_watch_ = 0;
  uint64_t generations_ = 0;
};

}  // namespace muster::broker
