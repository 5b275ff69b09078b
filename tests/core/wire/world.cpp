#include "tests/core/wire/world.hpp"

#include <fmt/format.h>

#include "tests/support/link_events.hpp"

namespace muster::wire::testing {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {
const std::string names[] = {"g", "b1", "b2"};
constexpr Duration troubles = seconds(20);
constexpr Duration peace = seconds(25);
uint64_t raw(Incarnation incarnation) {
  return static_cast<uint64_t>(incarnation);
}
}  // namespace

World::World(uint64_t seed)
    : net_(seed, [this](const std::string& name, std::vector<LinkEvent> events) {
        judge(name, std::move(events));
      }) {
  for (const std::string& name : names) {
    const Role role = name == "g" ? Role::global : Role::broker;
    places_[name] = {name, role, Incarnation::none, "inproc://" + name, "inproc://" + name + "/b"};
    start(name);
  }
}

void World::fault(const std::string& text) {
  faults_.push_back(
      fmt::format("{} ms: {}", net_.now().mono.time_since_epoch().count() / 1000, text));
}

void World::start(const std::string& name) {
  Mind& mind = minds_[name] = {};
  mind.info = places_[name];
  mind.info.incarnation = Incarnation{++incarnations_};
  mind.durable = name == "g";
  net_.start(mind.info, mind.durable);
  for (const auto& [incarnation, number] : stores_[name].numbers) {
    net_.links(name).set_taken(incarnation, number);
  }
  know_all(name);
}

void World::know_all(const std::string& name) {
  net_.turn(name, [&](Links& links) {
    for (const auto& [other, place] : places_) links.know(net_.now(), place);
  });
}

void World::run() {
  for (const std::string& name : names) speak(name);
  disturb();
  net_.run(troubles);
  peace_ = true;
  net_.heal();
  for (const std::string& name : names) {
    if (!net_.running(name)) start(name);
    know_all(name);
  }
  net_.run(peace);
  check_peace();
}

// Each node says something every now and then.
void World::speak(const std::string& name) {
  net_.at(milliseconds(net_.random(120)), [this, name] {
    if (peace_) return;
    const auto& other = names[net_.random(3)];
    if (net_.running(name) && other != name) say(name, other);
    speak(name);
  });
}

void World::say(const std::string& name, const std::string& to) {
  Mind& mind = minds_[name];
  Sending& sending = mind.sending[to];
  // A mind asks before it streams to who is away.
  if (net_.links(name).waiting_bytes(to) > (2u << 20)) return;
  net_.turn(name, [&](Links& links) {
    for (uint64_t i = 1 + net_.random(4); i > 0; --i) {
      Publish publish;
      const uint64_t item = ++sending.said;
      publish.publication.topic =
          fmt::format("{} {} {} {}", raw(mind.info.incarnation), to, sending.generation, item);
      const uint64_t kind = net_.random(200);
      publish.publication.payload = std::string(kind == 0   ? 1'000'000
                                                : kind < 10 ? 50'000
                                                            : kind,
                                                '\0');
      const uint64_t number = links.stream(to, publish);
      if (!sending.numbers.empty() && number <= sending.numbers.rbegin()->first) {
        fault(fmt::format("{}: number {} after {}", name, number, sending.numbers.rbegin()->first));
      }
      sending.numbers[number] = item;
    }
    if (net_.chance(10)) links.talk(to, RoutesTaken{1});
    if (net_.chance(10)) links.bulk(to, RoutesTaken{1});
  });
}

void World::disturb() {
  net_.at(milliseconds(net_.random(700)), [this] {
    if (peace_) return;
    const std::string& name = names[net_.random(3)];
    const std::string& other = names[net_.random(3)];
    const uint64_t what = net_.random(100);
    if (what < 40) {
      net_.break_connection(name, other, net_.chance(50) ? Channel::talk : Channel::bulk);
    } else if (what < 55) {
      net_.cut(name, other);
      if (net_.chance(50)) net_.cut(other, name);
      net_.at(milliseconds(net_.random(4'000)), [this] { net_.heal(); });
    } else if (what < 75) {
      if (net_.running(name)) net_.crash(name);
      net_.at(milliseconds(net_.random(net_.chance(50) ? 50 : 4'000)), [this, name] {
        if (!net_.running(name)) start(name);
      });
    } else if (net_.running(name) && name != other) {
      say(name, other);  // what is on its way when the link ends
      end_somehow(name, other);
    }
    disturb();
  });
}

void World::end_somehow(const std::string& name, const std::string& other) {
  const uint64_t how = net_.random(3);
  if (how == 0) {
    net_.turn(name, [&](Links& links) { links.end_peer(other); });
  } else if (how == 1) {
    net_.turn(name, [&](Links& links) { links.forget(net_.now(), other); });
    net_.at(milliseconds(net_.random(1'000)), [this, name] {
      if (net_.running(name)) know_all(name);
    });
  } else if (name != "g") {
    const Incarnation fresh{++incarnations_};
    net_.turn(name, [&](Links& links) {
      links.renew(net_.now(), fresh);
      judge(name, support::take_events(links));  // of the old incarnation
      minds_[name].info.incarnation = fresh;
    });
  }
}

void World::check_peace() {
  for (const std::string& name : names) {
    for (const std::string& other : names) {
      if (name == other) continue;
      Links& links = net_.links(name);
      if (!links.up(other)) fault(fmt::format("{} is not up with {}", name, other));
      if (links.waiting_bytes(other) != 0) {
        fault(fmt::format("{}: {} bytes wait for {}", name, links.waiting_bytes(other), other));
      }
      const auto& numbers = minds_[name].sending[other].numbers;
      if (!numbers.empty()) {
        fault(fmt::format("{}: {} items to {} have no end", name, numbers.size(), other));
      }
    }
  }
}

}  // namespace muster::wire::testing
