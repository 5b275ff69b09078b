#include "global/publications.hpp"

#include <algorithm>
#include <optional>

#include "core/mqtt/codec.hpp"
#include "global/keys.hpp"
#include "global/stored_publication.hpp"

namespace muster::global {
namespace {

// With what is left of its life; nothing if it is over.
std::optional<wire::Publication> aged(Now now, const wire::Publication& publication) {
  if (publication.expiry_s == wire::no_expiry) return publication;
  const int64_t waited_s = std::max<int64_t>(now.wall.ms - publication.published_ms, 0) / 1000;
  if (waited_s >= publication.expiry_s) return std::nullopt;
  wire::Publication left = publication;
  left.expiry_s -= static_cast<uint32_t>(waited_s);
  Bytes properties;
  mqtt::forwardable_properties(publication.properties, left.expiry_s, properties);
  left.properties = std::move(properties);
  return left;
}

}  // namespace

bool Publications::load(uint64_t number, BytesView value) {
  Reader reader(value);
  Pending pending;
  pending.publication = read_publication(reader);
  for (uint64_t count = reader.number(); count > 0 && !reader.bad() && !reader.at_end(); --count) {
    pending.brokers.insert(Incarnation{reader.number()});
  }
  if (!reader.at_end()) {
    pending.share = reader.text();
    pending.way = static_cast<wire::ShareWay>(std::min<uint64_t>(reader.number(), 3));
  }
  if (reader.bad()) return false;
  all_[number] = std::move(pending);
  return true;
}

void Publications::start() {
  std::set<Incarnation> over;
  for (const auto& [number, pending] : all_) {
    for (const Incarnation incarnation : pending.brokers) {
      if (!brokers_.living(incarnation)) over.insert(incarnation);
    }
  }
  for (const Incarnation incarnation : over) died(incarnation);
}

void Publications::publish(const wire::Publication& publication) {
  Pending pending{publication, {}, ledger_.number()};
  wire::own(pending.publication);
  const uint64_t number = log_.take_number();
  for (const auto& [incarnation, broker] : brokers_.all()) {
    if (broker.dead()) continue;
    pending.brokers.insert(incarnation);
    if (broker.streams > 0) ways_[incarnation].waiting.push_back(number);
  }
  if (pending.brokers.empty()) return;
  keep(number, pending);
  all_.emplace(number, std::move(pending));
}

void Publications::route(const wire::Publication& publication, const std::string& share,
                         wire::ShareWay way) {
  const uint64_t number = log_.take_number();
  Pending& pending = all_[number];
  pending.publication = publication;
  wire::own(pending.publication);
  pending.share = share;
  pending.way = way;
  reroute(number, pending);
}

// A broker that is there, if there is one: the first.
void Publications::reroute(uint64_t number, Pending& pending) {
  const Broker* chosen = nullptr;
  for (const auto& [incarnation, broker] : brokers_.all()) {
    if (broker.dead()) continue;
    if (chosen == nullptr || (broker.alive() && !chosen->alive())) chosen = &broker;
  }
  if (chosen == nullptr) {  // nobody is connected anywhere
    ledger_.erase(keys::publication(pending.publication.topic, number));
    all_.erase(number);
    return;
  }
  pending.brokers = {chosen->incarnation()};
  pending.commit = ledger_.number();
  if (chosen->streams > 0) ways_[chosen->incarnation()].waiting.push_back(number);
  keep(number, pending);
}

void Publications::keep(uint64_t number, const Pending& pending) {
  Writer writer;
  write_publication(writer, pending.publication);
  writer.number(pending.brokers.size());
  for (const Incarnation incarnation : pending.brokers) {
    writer.number(static_cast<uint64_t>(incarnation));
  }
  if (pending.way != wire::ShareWay::none) {
    writer.text(pending.share).number(static_cast<uint64_t>(pending.way));
  }
  ledger_.put(keys::publication(pending.publication.topic, number), writer.take());
}

void Publications::greet(const Broker& broker) {
  Way& way = ways_[broker.incarnation()];
  way = {};
  for (const auto& [number, pending] : all_) {
    if (pending.brokers.contains(broker.incarnation())) way.waiting.push_back(number);
  }
}

void Publications::died(Incarnation incarnation) {
  ways_.erase(incarnation);
  std::vector<uint64_t> numbers;
  for (const auto& [number, pending] : all_) {
    if (pending.brokers.contains(incarnation)) numbers.push_back(number);
  }
  for (const uint64_t number : numbers) {
    Pending& pending = all_.at(number);
    if (pending.way == wire::ShareWay::none) {
      taken(number, incarnation);
    } else {
      reroute(number, pending);
    }
  }
}

void Publications::taken(uint64_t number, Incarnation incarnation) {
  const auto found = all_.find(number);
  if (found == all_.end()) return;
  found->second.brokers.erase(incarnation);
  if (!found->second.brokers.empty()) return;
  ledger_.erase(keys::publication(found->second.publication.topic, number));
  all_.erase(found);
}

void Publications::acknowledged(Incarnation incarnation, uint64_t stream_number) {
  const auto found = ways_.find(incarnation);
  if (found == ways_.end()) return;
  auto& on_the_way = found->second.on_the_way;
  while (!on_the_way.empty() && on_the_way.front().first <= stream_number) {
    taken(on_the_way.front().second, incarnation);
    on_the_way.pop_front();
  }
}

void Publications::pump(Now now, wire::Links& links) {
  for (auto& [incarnation, way] : ways_) {
    if (way.waiting.empty()) continue;
    const Broker* broker = brokers_.living(incarnation);
    if (!broker || !links.up(broker->name())) continue;
    while (!way.waiting.empty() && links.credit(broker->name())) {
      const uint64_t number = way.waiting.front();
      const auto found = all_.find(number);
      if (found != all_.end()) {
        if (found->second.commit > stored_) break;
        if (auto publication = aged(now, found->second.publication)) {
          const uint64_t stream_number = links.stream(
              broker->name(), wire::Publish{std::move(*publication), number, Term::none, 0, 0,
                                            found->second.share, found->second.way});
          way.on_the_way.emplace_back(stream_number, number);
        } else {
          taken(number, incarnation);
        }
      }
      way.waiting.pop_front();
    }
  }
}

}  // namespace muster::global
