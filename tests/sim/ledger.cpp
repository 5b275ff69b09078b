#include "tests/sim/ledger.hpp"

#include <algorithm>

namespace muster::sim {

const char* to_string(End end) {
  switch (end) {
    case End::none:
      return "lives";
    case End::disconnected:
      return "disconnected";
    case End::disconnected_with_will:
      return "disconnected with will";
    case End::dropped:
      return "dropped";
    case End::silent:
      return "silent";
    case End::by_broker:
      return "closed by the broker";
    case End::taken_over:
      return "taken over";
    case End::refused:
      return "refused";
  }
  return "?";
}

bool Ledger::calm(Instant from, Instant until, const std::vector<std::string>& nodes) const {
  for (const Fault& fault : faults) {
    if (fault.from > until || fault.until < from) continue;
    if (nodes.empty() || fault.nodes.empty()) return false;
    for (const std::string& node : fault.nodes) {
      if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return false;
    }
  }
  return true;
}

Duration Ledger::broken_for(Instant from, Instant until) const {
  Duration sum{};
  for (const Fault& fault : faults) {
    const Duration common = std::min(fault.until, until) - std::max(fault.from, from);
    sum += std::max(common, Duration::zero());
  }
  return sum;
}

const std::vector<uint32_t>& Ledger::bonds_of(uint32_t session) const {
  static const std::vector<uint32_t> none;
  const auto it = bonds_of_.find(session);
  return it == bonds_of_.end() ? none : it->second;
}

const Connection* Ledger::living(uint32_t device) const {
  for (auto it = connections.rbegin(); it != connections.rend(); ++it) {
    if (it->device == device && it->lives()) return &*it;
  }
  return nullptr;
}

uint32_t Ledger::add_bond(Bond bond) {
  bond.id = static_cast<uint32_t>(bonds.size());
  bonds_of_[bond.session].push_back(bond.id);
  bonds.push_back(std::move(bond));
  return bonds.back().id;
}

}  // namespace muster::sim
