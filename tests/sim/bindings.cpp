#include "tests/sim/bindings.hpp"

#include <algorithm>

namespace muster::sim {
namespace {

constexpr Duration lease = seconds(3);
constexpr Duration doubt = milliseconds(300);  // until global's start is noticed here, and drift

}  // namespace

Bindings::Life& Bindings::life_of(const std::string& broker) {
  return lives_[{broker, cluster_.starts(broker)}];
}

void Bindings::sent(const std::string& from, const std::string& to, const wire::Message& message) {
  if (from == "global" && to[0] == 'b') {
    if (std::exchange(global_life_, cluster_.starts("global")) != cluster_.starts("global")) {
      global_began_ = context_.now();
      for (const std::string& broker : Cluster::brokers())
        grants_[broker].push_back(context_.now());
    }
    // It was judged dead in an earlier life of global: nothing was assumed.
    if (std::holds_alternative<wire::Deposed>(message)) {
      std::erase(grants_[to], global_began_);
    }
    const auto* grant = std::get_if<wire::LeaseGrant>(&message);
    if (grant == nullptr) return;
    uint64_t& newest = life_of(to).granted;  // what is sent again is no further lease
    if (grant->request > newest) grants_[to].push_back(context_.now());
    newest = std::max(newest, grant->request);
    return;
  }
  const auto* taken = std::get_if<wire::RoutesTaken>(&message);
  if (from[0] != 'b' || to != "global" || !taken) return;
  Life& life = life_of(from);
  const auto end = life.announced.upper_bound(taken->number);
  for (auto it = life.announced.begin(); it != end; it = life.announced.erase(it)) {
    take(life, it->second);
    life.taken = it->first;
  }
}

void Bindings::arrived(const std::string& from, const std::string& to,
                       const wire::Message& message) {
  const auto* routes = std::get_if<wire::Routes>(&message);
  if (from != "global" || to[0] != 'b' || !routes) return;
  Life& life = life_of(to);
  if (routes->number > life.taken) life.announced.emplace(routes->number, *routes);
}

bool Bindings::open(const Life& life, const std::string& filter) {
  const auto spans = life.known.find(filter);
  return spans != life.known.end() && spans->second.back().to == never;
}

void Bindings::take(Life& life, const wire::Routes& routes) {
  const auto named = [](const std::vector<std::string>& list, const std::string& filter) {
    return std::find(list.begin(), list.end(), filter) != list.end();
  };
  life.first = std::min(life.first, context_.now());
  for (auto& [filter, spans] : life.known) {
    const bool ends =
        named(routes.removed, filter) || (routes.snapshot && !named(routes.added, filter));
    if (ends && spans.back().to == never) spans.back().to = context_.now();
  }
  for (const std::string& filter : routes.added) {
    if (!open(life, filter)) life.known[filter].push_back({context_.now(), never});
  }
}

bool Bindings::leased(const std::string& broker, Instant at) const {
  const auto grants = grants_.find(broker);
  if (grants == grants_.end()) return false;
  return std::any_of(grants->second.begin(), grants->second.end(),
                     [&](Instant grant) { return grant <= at && at < grant + lease - doubt; });
}

bool Bindings::unknown_at(const std::string& broker, uint64_t life, const std::string& filter,
                          Instant at) const {
  const auto it = lives_.find({broker, life});
  if (it == lives_.end() || it->second.first > at) return false;
  const auto spans = it->second.known.find(filter);
  if (spans == it->second.known.end()) return true;
  return std::none_of(spans->second.begin(), spans->second.end(),
                      [&](const Span& span) { return span.from <= at && at <= span.to; });
}

}  // namespace muster::sim
