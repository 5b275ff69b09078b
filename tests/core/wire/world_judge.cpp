// The judge: what Links promises, event by event.

#include <fmt/format.h>

#include <cstdio>

#include "tests/core/wire/world.hpp"

namespace muster::wire::testing {

using std::chrono::milliseconds;

namespace {
uint64_t raw(Incarnation incarnation) {
  return static_cast<uint64_t>(incarnation);
}
}  // namespace

void World::judge(const std::string& name, std::vector<LinkEvent> events) {
  for (const LinkEvent& event : events) {
    note(event.index());
    note(static_cast<uint64_t>(net_.now().mono.time_since_epoch().count()));
    std::visit([&](const auto& e) { on(name, e); }, event);
  }
}

void World::on(const std::string& name, const PeerUp& event) {
  Mind& mind = minds_[name];
  const std::string& peer = event.peer.name;
  if (!mind.up.emplace(peer, event.peer).second) fault(name + ": up again: " + peer);
  Sending& sending = mind.sending[peer];
  if (event.fresh == sending.announced) {
    fault(fmt::format("{}: {} fresh={} but announced={}", name, peer, event.fresh,
                      sending.announced));
  }
  sending.announced = true;
}

void World::on(const std::string& name, const PeerDown& event) {
  Mind& mind = minds_[name];
  const auto at = mind.up.find(event.peer);
  if (at == mind.up.end()) return fault(name + ": down, but was not up: " + event.peer);
  if (at->second.incarnation != event.incarnation) fault(name + ": another went down");
  mind.up.erase(at);
}

void World::on(const std::string& name, const PeerEnded& event) {
  ++ended_count_;
  Mind& mind = minds_[name];
  if (mind.up.count(event.peer)) fault(name + ": ended while up: " + event.peer);
  Sending& sending = mind.sending[event.peer];
  if (!sending.numbers.empty()) {
    if (sending.numbers.begin()->first <= event.acknowledged) {
      fault(fmt::format("{}: ended at {} but {} has no acknowledgement", name, event.acknowledged,
                        sending.numbers.begin()->first));
    }
    if (sending.numbers.rbegin()->first > event.last) fault(name + ": ended before the last item");
  }
  judge_backlog(name, sending, event.backlog);
  const uint64_t generation = sending.generation + 1;
  sending = {};
  sending.generation = generation;
}

// It has what was not acknowledged, all of it and nothing else.
void World::judge_backlog(const std::string& name, const Sending& sending, Backlog backlog) {
  auto expected = sending.numbers.begin();
  uint64_t number = 0;
  Message message;
  while (backlog.next(number, message)) {
    const auto* publish = std::get_if<Publish>(&message);
    const bool is_it = expected != sending.numbers.end() && number == expected->first && publish &&
                       publish->publication.topic.view().ends_with(
                           fmt::format(" {} {}", sending.generation, expected->second));
    if (!is_it) return fault(fmt::format("{}: {} in the backlog", name, number));
    ++expected;
  }
  if (expected != sending.numbers.end()) fault(name + ": the backlog lacks something");
}

// Of each stream the items come as 1, 2, 3 ...; to a durable node across its restarts.
void World::on(const std::string& name, const Received& event) {
  Mind& mind = minds_[name];
  const auto up = mind.up.find(event.peer);
  if (up == mind.up.end()) return fault(name + ": received while down from " + event.peer);
  if (up->second.incarnation != event.incarnation) fault(name + ": received from another");
  if (event.number == 0) return;
  ++received_count_;
  unsigned long long incarnation = 0, generation = 0, item = 0;
  char to[8] = {};
  const auto* publish = std::get_if<Publish>(&event.message);
  const std::string topic(publish ? publish->publication.topic.view() : "");
  if (std::sscanf(topic.c_str(), "%llu %7s %llu %llu", &incarnation, to, &generation, &item) != 4) {
    return fault(name + ": a foreign message");
  }
  if (to != name) fault(name + ": received what was for " + std::string(to));
  if (incarnation != raw(event.incarnation)) fault(name + ": an item of another incarnation");
  const StreamName stream{incarnation, name, generation};
  const uint64_t self = raw(mind.info.incarnation);
  auto [last, added] = received_.try_emplace({self, stream}, 0);
  if (added && mind.durable) last->second = stores_[name].items[stream];
  if (item != last->second + 1) {
    fault(fmt::format("{}: from {} ({}, generation {}) item {} after {}", name, event.peer,
                      incarnation, generation, item, last->second));
  }
  last->second = item;
  if (mind.durable) store(name, event, stream, item);
}

// A store commits in order, a while later, if the process still lives.
void World::store(const std::string& name, const Received& event, const StreamName& stream,
                  uint64_t item) {
  const uint64_t self = raw(minds_[name].info.incarnation);
  const uint64_t delay = minds_[name].storing = std::max(
      minds_[name].storing,
      static_cast<uint64_t>(net_.now().mono.time_since_epoch().count()) + net_.random(20'000));
  const Duration wait = Instant(Duration(static_cast<int64_t>(delay))) - net_.now().mono;
  net_.at(wait, [this, name, self, stream, item, peer = event.peer, from = event.incarnation,
                 number = event.number] {
    if (!net_.running(name) || raw(minds_[name].info.incarnation) != self) return;
    stores_[name].numbers[from] = number;
    stores_[name].items[stream] = item;
    // Sometimes the process dies between the store and the acknowledgement.
    net_.turn(name, [&](Links& links) { links.acknowledge(peer, from, number); });
  });
}

void World::on(const std::string& name, const Acknowledged& event) {
  Sending& sending = minds_[name].sending[event.peer];
  auto& numbers = sending.numbers;
  uint64_t item = sending.acknowledged;
  while (!numbers.empty() && numbers.begin()->first <= event.number) {
    item = numbers.begin()->second;
    numbers.erase(numbers.begin());
  }
  sending.acknowledged = item;
  // What is acknowledged has been taken: stored by the durable, handed up by the others.
  const uint64_t self = raw(minds_[name].info.incarnation);
  const StreamName stream{self, event.peer, sending.generation};
  uint64_t taken = 0;
  if (event.peer == "g") {
    taken = stores_[event.peer].items[stream];
  } else {
    for (const auto& [key, last] : received_) {
      if (key.second == stream) taken = std::max(taken, last);
    }
  }
  if (item > taken) {
    fault(fmt::format("{}: {} has taken {}, not {}", name, event.peer, taken, item));
  }
}

}  // namespace muster::wire::testing
