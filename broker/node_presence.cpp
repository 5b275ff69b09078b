#include "broker/node_presence.hpp"

#include <algorithm>

#include "broker/node_may_see.hpp"

namespace muster::broker {

// ---- subscriptions ------------------------------------------------------------------------------

void NodePresence::open(Now now, PresenceOpen letter) {
  const Key key{letter.client.shard, letter.subscription};
  if (!may_see(letter.asker, letter.user)) {
    ++desk_.counters.presence_refused;
    PresenceRows refusal;
    refusal.client = letter.client;
    refusal.subscription = letter.subscription;
    refusal.refused = true;
    return desk_.mail.post(key.first, std::move(refusal));
  }
  close({key.first, key.second});  // the shard's numbers are unique: there is none
  const uint64_t number = watch_for(now, letter.user);
  Watch& watch = watches_.at(number);
  const bool state_only = letter.state_only, snapshot = letter.snapshot;
  Subscription& subscription = subscribers_[key];
  subscription.watch = number;
  subscription.subscriber = std::make_unique<NodeSubscriber>(std::move(letter), generations_);
  watch.subscribers.insert(key);
  if (state_only && watch.state_subscribers++ == 0) begin_states(now, number, watch);
  if (!snapshot) {
    subscription.subscriber->skip();
  } else if (watch.wire.placed()) {
    subscription.subscriber->begin(watch.wire.at());
  }
  pump(now, key);
}

void NodePresence::more(Now now, const PresenceMore& letter) {
  const Key key{letter.shard, letter.subscription};
  NodeSubscriber* subscriber = find(key);
  if (subscriber == nullptr) return;
  subscriber->more();
  pump(now, key);
}

void NodePresence::close(const PresenceClose& letter) {
  const auto at = subscribers_.find({letter.shard, letter.subscription});
  if (at == subscribers_.end()) return;
  const uint64_t number = at->second.watch;
  Watch& watch = watches_.at(number);
  if (at->second.subscriber->open().state_only && --watch.state_subscribers == 0) {
    watch.states.reset();
  }
  watch.subscribers.erase(at->first);
  subscribers_.erase(at);
  drop_if_unused(number);
}

NodeSubscriber* NodePresence::find(const Key& key) {
  const auto at = subscribers_.find(key);
  return at == subscribers_.end() ? nullptr : at->second.subscriber.get();
}

// Gives the subscriber what there is, and asks for its next page while it has nothing to read.
void NodePresence::pump(Now now, const Key& key) {
  const auto at = subscribers_.find(key);
  if (at == subscribers_.end()) return;
  NodeSubscriber& subscriber = *at->second.subscriber;
  Watch& watch = watches_.at(at->second.watch);
  const uint32_t rows = desk_.options.presence_page_rows;
  if (subscriber.wants_page()) {
    if (!subscriber.open().state_only) {
      NodeSnapshot& snapshot = subscriber.snapshot();
      if (snapshot.wants_page()) ask_page(now, key, watch.wire.user(), snapshot);
    } else if (watch.states->loaded() && !subscriber.users_done) {
      subscriber.page(watch.states->page(subscriber.users_after, subscriber.users_done, rows));
    }
  }
  if (auto letter = subscriber.take(rows, desk_.counters)) {
    desk_.mail.post(key.first, std::move(*letter));
  }
}

void NodePresence::pump_all(Now now, const Watch& watch) {
  for (const Key& key : watch.subscribers) pump(now, key);
}

void NodePresence::ask_page(Now now, const Key& key, const std::string& user,
                            NodeSnapshot& snapshot) {
  wire::Query query = snapshot.ask(user, desk_.options.presence_page_rows);
  query.now_ms = now.wall.ms;
  tasks_.ask(now, {std::move(query), wire::Priority::normal, desk_.options.query_timeout, {}},
             [this, key, generation = snapshot.generation()](Now then, wire::Answer answer) {
               page_answered(then, key, generation, std::move(answer));
             });
}

void NodePresence::page_answered(Now now, const Key& key, uint64_t generation,
                                 wire::Answer answer) {
  NodeSubscriber* subscriber = find(key);
  if (subscriber == nullptr || subscriber->snapshot().generation() != generation) return;
  NodeSnapshot& snapshot = subscriber->snapshot();
  if (!snapshot.usable(answer)) {
    return later(now, answer, [this, key, generation](Now then) {
      NodeSubscriber* waiting = find(key);
      if (waiting == nullptr || waiting->snapshot().generation() != generation) return;
      waiting->snapshot().retry();
      pump(then, key);
    });
  }
  const std::string& user = subscriber->open().user;
  subscriber->page(snapshot.page(user, std::move(answer)));
  pump(now, key);
}

// ---- changes ------------------------------------------------------------------------------------

void NodePresence::rows(Now now, const std::string& server, wire::WatchRows rows) {
  const uint64_t number = NodeWatch::watch_of(rows.watch);
  Watch* watch = find_watch(number);
  if (watch == nullptr) return;
  switch (watch->wire.rows(server, rows)) {
    case NodeWatch::Verdict::stale:
      return;
    case NodeWatch::Verdict::reset:
      watch->wire.close();
      return place(now, number);
    case NodeWatch::Verdict::refused:
      watch->wire.close();
      return place_later(now, number, {});
    case NodeWatch::Verdict::changes:
      break;
  }
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    Position at = rows.at;
    if (i < rows.numbers.size()) {
      at.number = rows.numbers[i];
      if (!watch->wire.is_news(rows.watch, rows.rows[i].device.device, at.number)) continue;
    }
    changed(*watch, presence_item(watch->wire.user(), std::move(rows.rows[i])), at);
  }
  if (watch->states) ask_states(now, number, *watch);
  pump_all(now, *watch);
}

void NodePresence::changed(Watch& watch, const PresenceItemPtr& item, Position at) {
  const size_t limit = desk_.options.presence_backlog_rows;
  std::vector<PresenceItemPtr> states;
  if (watch.states && watch.states->snapshot().passed(item, at, limit)) {
    states = watch.states->apply(item->row);
    if (!watch.states->loaded()) states.clear();
  }
  for (const Key& key : watch.subscribers) {
    NodeSubscriber& subscriber = *subscribers_.at(key).subscriber;
    if (!subscriber.open().state_only) {
      if (subscriber.snapshot().passed(item, at, limit)) give(watch, subscriber, item);
      continue;
    }
    for (const PresenceItemPtr& state : states) {
      const bool past = subscriber.users_done || state->key <= subscriber.users_after;
      if (past) give(watch, subscriber, state);
    }
  }
}

void NodePresence::give(const Watch& watch, NodeSubscriber& subscriber,
                        const PresenceItemPtr& item) {
  subscriber.change(item, desk_.counters);
  if (subscriber.backlog() <= desk_.options.presence_backlog_rows) return;
  ++desk_.counters.presence_restarts;
  subscriber.begin(watch.wire.at());
}

// ---- watches ------------------------------------------------------------------------------------

NodePresence::Watch* NodePresence::find_watch(uint64_t number) {
  const auto at = watches_.find(number);
  return at == watches_.end() ? nullptr : &at->second;
}

uint64_t NodePresence::watch_for(Now now, const std::string& user) {
  const auto known = by_user_.find(user);
  if (known != by_user_.end()) return known->second;
  const uint64_t number = ++next_watch_;
  by_user_[user] = number;
  watches_.emplace(std::piecewise_construct, std::forward_as_tuple(number),
                   std::forward_as_tuple(desk_, servers_, number, user));
  place(now, number);
  return number;
}

void NodePresence::drop_if_unused(uint64_t number) {
  Watch& watch = watches_.at(number);
  if (!watch.subscribers.empty()) return;
  watch.wire.close();
  by_user_.erase(watch.wire.user());
  watches_.erase(number);
}

// Any look-up's answer says where global's log is: the watch begins there.
void NodePresence::place(Now now, uint64_t number) {
  wire::Query query;
  query.devices = {watches_.at(number).wire.user()};
  query.now_ms = now.wall.ms;
  tasks_.ask(now, {std::move(query), wire::Priority::high, desk_.options.query_timeout, {}},
             [this, number](Now then, const wire::Answer& answer) {
               if (find_watch(number) != nullptr) placed(then, number, answer);
             });
}

void NodePresence::place_later(Now now, uint64_t number, const wire::Answer& failed) {
  later(now, failed, [this, number](Now then) {
    if (find_watch(number) != nullptr) place(then, number);
  });
}

void NodePresence::placed(Now now, uint64_t number, const wire::Answer& answer) {
  if (answer.outcome != wire::Outcome::ok) return place_later(now, number, answer);
  Watch& watch = watches_.at(number);
  watch.wire.place(answer.as_of);
  const bool again = std::exchange(watch.was_placed, true);
  if (watch.states) begin_states(now, number, watch);
  for (const Key& key : watch.subscribers) {
    NodeSubscriber& subscriber = *subscribers_.at(key).subscriber;
    if (again) ++desk_.counters.presence_restarts;
    if (again || subscriber.open().snapshot) subscriber.begin(answer.as_of);
  }
  pump_all(now, watch);
}

void NodePresence::begin_states(Now now, uint64_t number, Watch& watch) {
  watch.states = std::make_unique<NodeStates>(generations_);
  if (!watch.wire.placed()) return;
  watch.states->begin(watch.wire.at());
  ask_states(now, number, watch);
}

void NodePresence::ask_states(Now now, uint64_t number, Watch& watch) {
  NodeSnapshot& snapshot = watch.states->snapshot();
  if (!snapshot.wants_page()) return;
  wire::Query query = snapshot.ask(watch.wire.user(), desk_.options.presence_page_rows);
  query.now_ms = now.wall.ms;
  tasks_.ask(now, {std::move(query), wire::Priority::normal, desk_.options.query_timeout, {}},
             [this, number, generation = snapshot.generation()](Now then, wire::Answer answer) {
               states_answered(then, number, generation, std::move(answer));
             });
}

void NodePresence::states_answered(Now now, uint64_t number, uint64_t generation,
                                   wire::Answer answer) {
  Watch* watch = find_watch(number);
  if (watch == nullptr || !watch->states) return;
  NodeSnapshot& snapshot = watch->states->snapshot();
  if (snapshot.generation() != generation) return;
  if (!snapshot.usable(answer)) {
    return later(now, answer, [this, number, generation](Now then) {
      Watch* waiting = find_watch(number);
      if (waiting == nullptr || !waiting->states) return;
      if (waiting->states->snapshot().generation() != generation) return;
      waiting->states->snapshot().retry();
      ask_states(then, number, *waiting);
    });
  }
  for (const PresenceItemPtr& item : snapshot.page(watch->wire.user(), std::move(answer))) {
    watch->states->apply(item->row);
  }
  ask_states(now, number, *watch);
  if (watch->states->loaded()) pump_all(now, *watch);
}

void NodePresence::servers_changed() {
  for (auto& [number, watch] : watches_) watch.wire.cover();
}

void NodePresence::server_down(const std::string& server) {
  for (auto& [number, watch] : watches_) watch.wire.server_down(server);
}

// ---- retries ------------------------------------------------------------------------------------

void NodePresence::later(Now now, const wire::Answer& failed, std::function<void(Now)> what) {
  constexpr Duration pause = std::chrono::milliseconds(100);
  const Duration wait = std::max<Duration>(pause, std::chrono::milliseconds(failed.retry_after_ms));
  later_.emplace(now.mono + wait, std::move(what));
}

void NodePresence::tick(Now now) {
  while (!later_.empty() && later_.begin()->first <= now.mono) {
    const std::function<void(Now)> what = std::move(later_.begin()->second);
    later_.erase(later_.begin());
    what(now);
  }
}

}  // namespace muster::broker
