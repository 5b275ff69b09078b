#include "query/query.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/base/log.hpp"
#include "core/wire/links.hpp"
#include "query/feed.hpp"
#include "query/load.hpp"
#include "query/replica.hpp"
#include "query/slot_map.hpp"
#include "query/tasks.hpp"
#include "query/watches.hpp"

namespace muster::query {

struct Query::State {
  State(wire::NodeInfo node, Options given)
      : self(std::move(node)),
        options(std::move(given)),
        links(self, options.links, false),
        feed(options),
        replica(options, feed),
        tasks(
            self, options, replica, feed, map,
            [this](const std::string& peer, const wire::Message& message) {
              if (links.up(peer)) links.talk(peer, message);  // else the asker asks again
            },
            [this](const std::string& peer) { return links.up(peer); }),
        watches(
            options, feed, [this](const std::string& broker) { return links.credit(broker); },
            [this](const std::string& broker, wire::WatchRows rows) {
              links.stream(broker, std::move(rows));
            }),
        load(options) {}

  void take_events(Now now);
  void on(Now now, const wire::PeerUp& up);
  void on(Now now, const wire::PeerDown& down);
  void on(Now now, const wire::PeerEnded& ended);
  void on(Now now, wire::Received& received);
  void on(Now, const wire::Acknowledged&) { watches.credit_changed(); }
  void peer_gone(Now now, const std::string& peer, wire::Role role);
  void from_broker(Now now, const std::string& broker, wire::Message& message);
  void from_global(Now now, const wire::Message& message);
  void take_directory(Now now, const wire::Directory& directory);

  const wire::NodeInfo self;
  const Options options;
  wire::Links links;
  SlotMap map;
  Feed feed;
  Replica replica;
  Tasks tasks;
  Watches watches;
  LoadReport load;

  std::optional<std::string> control;
  std::optional<std::string> global;
  Incarnation control_incarnation = Incarnation::none;
  uint64_t directory_version = 0;
  std::set<std::string> listed;  // other query servers that a directory named
  Instant map_by = never;        // without a slot map until then: hold everything
};

Query::Query(wire::NodeInfo self, Options options)
    : state_(std::make_unique<State>(std::move(self), std::move(options))) {}
Query::~Query() = default;

void Query::start(Now now) {
  State& s = *state_;
  s.map_by = now.mono + s.options.map_wait;
  for (const wire::NodeInfo& peer : s.options.peers)
    if (peer.name != s.self.name) s.links.know(now, peer);
}

void Query::receive(Now now, wire::InFrame frame) {
  state_->links.receive(now, std::move(frame));
  state_->take_events(now);
}

void Query::tick(Now now) {
  State& s = *state_;
  s.links.tick(now);
  s.take_events(now);
  if (now.mono >= s.map_by) {
    s.map_by = never;
    if (!s.replica.wanted()) {
      log::warning("no slot map from control yet: holding all slots");
      s.replica.hold(now, all_slots());
    }
  }
  s.replica.tick(now);
  s.tasks.tick(now);
  s.tasks.turn(now);
  int64_t budget = s.options.turn_rows;
  s.feed.pump(budget);
  s.watches.pump(budget, s.replica.held());
}

Instant Query::next_wake() const {
  const State& s = *state_;
  Instant wake =
      std::min({s.links.next_wake(), s.replica.next_wake(), s.tasks.next_wake(), s.map_by});
  if (s.control) wake = std::min(wake, s.load.next_wake());
  return wake;
}

bool Query::has_work() const {
  const State& s = *state_;
  return s.tasks.has_work() || s.feed.has_work() || s.watches.has_work(s.replica.held());
}

void Query::finish_turn(Now now) {
  State& s = *state_;
  if (s.global) {
    if (const auto ask = s.replica.take_ask()) s.links.talk(*s.global, *ask);
  }
  if (s.control) {
    const wire::Load load = s.tasks.load(now);
    if (s.load.due(now, load)) s.links.talk(*s.control, load);
  }
  s.links.finish_turn(now);
}

wire::Effects Query::take_effects() {
  return state_->links.take_effects();
}

bool Query::ready() const {
  return state_->replica.ready();
}

Stats Query::stats() const {
  const State& s = *state_;
  const TaskCounts& counts = s.tasks.counts();
  const Scheduler& scheduler = s.tasks.scheduler();
  Stats stats;
  stats.tasks = counts.tasks;
  stats.duplicates = counts.duplicates;
  stats.answered = counts.answered;
  stats.busy = counts.busy;
  stats.expired = counts.expired;
  stats.unavailable = counts.unavailable;
  stats.redirected = counts.redirected;
  stats.slices = scheduler.slices();
  stats.visits = scheduler.visits();
  stats.urgent_wait_slices_max = scheduler.urgent_wait_slices_max();
  stats.snapshots = s.replica.snapshots();
  stats.gaps = s.replica.gaps();
  stats.watch_resets = s.watches.resets();
  stats.load_units = scheduler.units();
  stats.queued = scheduler.size();
  stats.merging = s.tasks.merging();
  stats.devices = s.feed.table().size();
  stats.users = s.feed.table().user_count();
  stats.watches = s.watches.size();
  stats.backlog = s.watches.backlog();
  stats.as_of = s.replica.as_of();
  return stats;
}

// ---- links
// -------------------------------------------------------------------------------------------

void Query::State::take_events(Now now) {
  while (wire::LinkEvent* event = links.next_event()) {
    std::visit([&](auto& what) { on(now, what); }, *event);
  }
}

void Query::State::on(Now now, const wire::PeerUp& up) {
  watches.credit_changed();
  if (up.peer.role == wire::Role::global) {
    global = up.peer.name;
    replica.global_up(now, up.peer.incarnation);
  } else if (up.peer.role == wire::Role::control) {
    if (control_incarnation != up.peer.incarnation) directory_version = 0;
    control_incarnation = up.peer.incarnation;
    control = up.peer.name;
    load.control_up();
    tasks.control_up(now, up.peer.name);
  }
}

void Query::State::on(Now now, const wire::PeerDown& down) {
  peer_gone(now, down.peer, down.role);
}

void Query::State::on(Now now, const wire::PeerEnded& ended) {
  peer_gone(now, ended.peer, ended.role);
  if (ended.role == wire::Role::broker) watches.drop(ended.peer);
}

void Query::State::peer_gone(Now now, const std::string& peer, wire::Role role) {
  if (role == wire::Role::global && global == peer) {
    global.reset();
    replica.global_down();
  } else if (role == wire::Role::control && control == peer) {
    control.reset();
    tasks.control_down();
  } else if (role == wire::Role::query) {
    tasks.server_down(now, peer);
  }
}

void Query::State::on(Now now, wire::Received& received) {
  wire::Message& message = received.message;
  if (auto* ask = std::get_if<wire::AskTask>(&message)) {
    tasks.receive(now, std::move(ask->task));
  } else if (const auto* part = std::get_if<wire::TaskAnswer>(&message)) {
    tasks.receive(now, part->answer);
  } else if (received.role == wire::Role::broker) {
    from_broker(now, received.peer, message);
  } else if (received.role == wire::Role::global && global == received.peer) {
    from_global(now, message);
  } else if (const auto* directory = std::get_if<wire::Directory>(&message)) {
    if (received.role == wire::Role::control) take_directory(now, *directory);
  }
}

void Query::State::from_broker(Now now, const std::string& broker, wire::Message& message) {
  if (const auto* open = std::get_if<wire::WatchOpen>(&message)) {
    watches.open(now, broker, *open);
  } else if (const auto* more = std::get_if<wire::WatchMore>(&message)) {
    watches.more(broker, more->watch);
  } else if (const auto* close = std::get_if<wire::WatchClose>(&message)) {
    watches.close(broker, close->watch);
  }
}

void Query::State::from_global(Now now, const wire::Message& message) {
  if (const auto* page = std::get_if<wire::SnapshotPage>(&message)) {
    replica.receive(now, *page);
  } else if (const auto* delta = std::get_if<wire::Delta>(&message)) {
    replica.receive(now, *delta);
  } else if (const auto* heartbeat = std::get_if<wire::LogHeartbeat>(&message)) {
    replica.receive(now, *heartbeat);
  }
}

// A directory may come again, and a restarted control begins to count anew. Nobody is forgotten
// while it is up: a new control has not heard of all nodes yet.
void Query::State::take_directory(Now now, const wire::Directory& directory) {
  if (directory.version <= directory_version) return;
  directory_version = directory.version;
  std::set<std::string> gone = std::exchange(listed, {});
  for (const wire::NodeInfo& node : directory.nodes) {
    if (node.name == self.name || node.role == wire::Role::broker) continue;
    links.know(now, node);
    gone.erase(node.name);
    if (node.role == wire::Role::query) listed.insert(node.name);
  }
  for (const std::string& name : gone) {
    if (!links.up(name)) {
      links.forget(now, name);
    } else {
      listed.insert(name);
    }
  }
  const SlotMap next(directory);
  if (next.empty() || !next.lists(self.name)) return;
  map = next;
  map_by = never;
  replica.hold(now, map.slots_of(self.name));
}

}  // namespace muster::query
