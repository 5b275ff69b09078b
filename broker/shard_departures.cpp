// The end of a persistent publisher's connection while QoS 2 publications are under way (4.3.3).
// Whoever holds the session next must know whether all direct targets have them: so global hears of
// the end only when they have, or when their links have ended, and the session stays held until
// then. Bounded: one for each session, since no other connection is granted it meanwhile.

#include <utility>

#include "broker/shard_state.hpp"

namespace muster::broker {

// False: nothing is under way, it may be said at once.
bool Shard::State::depart(uint32_t index, const wire::Gone& gone) {
  Client& client = at(index);
  if (!client.persistent || !client.acks || client.acks->pubrecs == 0) return false;
  uint32_t waiting = 0;
  for (const AckQueue::Item& item : client.acks->items) {
    if (item.type != mqtt::PacketType::pubrec || item.done) continue;
    Withheld& publication = *withheld.find(item.token);
    publication.client = departed;
    publication.generation = next_departure;
    ++waiting;
  }
  if (waiting == 0) return false;
  departures[next_departure++] = {gone, claim(client), waiting};
  return true;
}

void Shard::State::departure_taken(uint32_t number) {
  auto found = departures.find(number);
  if (found == departures.end() || --found->second.waiting > 0) return;
  for_global(std::move(found->second.gone));
  departures.erase(found);
}

// Granted again, after a hello: the session stays held.
bool Shard::State::departing(const wire::Grant& grant) {
  for (auto& [number, departure] : departures) {
    if (departure.claim.serial != grant.serial) continue;
    departure.gone.term = departure.claim.term = grant.term;
    return true;
  }
  return false;
}

void Shard::State::list_departures() {
  for (auto& [number, departure] : departures) {
    for_global(departure.claim);
  }
}

// The broker stops: that they have gone is said, that everybody has their publications is not.
void Shard::State::give_up_departures() {
  for (auto& [number, departure] : std::exchange(departures, {})) {
    departure.gone.unsettled = true;
    for_global(std::move(departure.gone));
  }
}

}  // namespace muster::broker
