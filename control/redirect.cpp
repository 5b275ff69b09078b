#include "control/redirect.hpp"

#include <algorithm>

namespace muster::control {

namespace {

// What was sent so long ago and never counted as received was lost on its way.
constexpr Duration lost_after = std::chrono::seconds(3);

SlotSet slots_needed(const wire::Query& query) {
  SlotSet slots;
  for (const uint16_t slot : query.slots)
    if (slot < slot_count) slots.set(slot);
  if (query.kind == wire::QueryKind::lookup && query.slots.empty())
    for (const std::string& device : query.devices) slots.set(static_cast<size_t>(slot_of(device)));
  return slots;
}

}  // namespace

void Redirect::load(Now now, const std::string& name, const wire::Load& load) {
  const auto [it, is_new] = servers_.try_emplace(name);
  Server& server = it->second;
  if (!is_new && load.received > server.load.received) {
    uint64_t settled = load.received - server.load.received;
    for (; settled > 0 && !server.in_flight.empty(); --settled) settle_oldest(server);
  }
  while (!server.in_flight.empty() && server.in_flight.front().at + lost_after <= now.mono)
    settle_oldest(server);
  server.load = load;
  server.load.credit.resize(wire::priority_count, 0);
}

bool Redirect::in_pool(const std::string& name) const {
  const auto it = servers_.find(name);
  return it != servers_.end() && it->second.load.threshold > 0;
}

// As the servers weigh them. How large a scan is, control does not know: it sends few of them
// between two Loads.
uint32_t Redirect::units_of(const wire::Task& task, const wire::Load& load) {
  if (task.query.kind == wire::QueryKind::lookup)
    return std::max<uint32_t>(1, static_cast<uint32_t>((task.query.devices.size() + 99) / 100));
  return std::max(1u, load.threshold / 8);
}

void Redirect::settle_oldest(Server& server) {
  const Sent& oldest = server.in_flight.front();
  server.in_flight_units[static_cast<size_t>(oldest.priority)] -= oldest.units;
  server.in_flight.pop_front();
}

uint64_t Redirect::in_flight_from(const Server& server, wire::Priority priority) {
  uint64_t units = 0;
  for (size_t at = static_cast<size_t>(priority); at < wire::priority_count; ++at)
    units += server.in_flight_units[at];
  return units;
}

uint64_t Redirect::free_credit(const Server& server, wire::Priority priority) {
  const uint64_t used = in_flight_from(server, priority);
  const uint64_t credit = server.load.credit[static_cast<size_t>(priority)];
  return credit > used ? credit - used : 0;
}

Candidate Redirect::candidate(const Server& server, wire::Priority priority) {
  Candidate candidate;
  const uint64_t credit = server.load.credit[static_cast<size_t>(priority)];
  candidate.units = server.load.units + in_flight_from(server, wire::Priority::low);
  candidate.units_ahead = server.load.threshold -
                          std::min<uint64_t>(credit, server.load.threshold) +
                          in_flight_from(server, priority);
  candidate.workers = server.load.workers;
  candidate.chosen_last = server.chosen_last;
  return candidate;
}

std::string Redirect::choose(Now now, const wire::Task& task, const std::string& from,
                             const SlotMap& map) {
  const SlotSet needed = slots_needed(task.query);
  const bool must_hold = !task.query.slots.empty();  // a part is not shared out again
  Server* best = nullptr;
  std::string best_name;
  double best_score = 0;
  bool best_holds = false;
  for (auto& [name, server] : servers_) {
    if (name == from || free_credit(server, task.priority) == 0) continue;
    const bool holds = (needed & ~map.slots_of(name)).none();
    if (!holds && (must_hold || best_holds)) continue;
    const double score = score_(candidate(server, task.priority));
    if (best && best_holds == holds && score <= best_score) continue;
    best = &server;
    best_name = name;
    best_score = score;
    best_holds = holds;
  }
  if (!best) return {};
  best->chosen_last = ++chosen_;
  const uint32_t units = units_of(task, best->load);
  best->in_flight.push_back({task.priority, units, now.mono});
  best->in_flight_units[static_cast<size_t>(task.priority)] += units;
  return best_name;
}

}  // namespace muster::control
