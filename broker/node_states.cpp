#include "broker/node_states.hpp"

#include <utility>

namespace muster::broker {

using wire::Status;

void NodeStates::begin(Position at_least) {
  devices_.clear();
  users_.clear();
  snapshot_.begin(at_least);
}

Status NodeStates::User::state() const {
  if (devices[static_cast<size_t>(Status::online)] > 0) return Status::online;
  if (devices[static_cast<size_t>(Status::unknown)] > 0) return Status::unknown;
  return Status::offline;
}

std::vector<PresenceItemPtr> NodeStates::apply(const wire::AnswerRow& row) {
  Device& device = devices_[row.device.device];
  const Device old = std::exchange(device, {row.device.user, row.status});

  std::map<std::string, std::optional<Status>> before;  // of the one or two users concerned
  for (const std::string& user : {old.user, device.user}) {
    const auto known = users_.find(user);
    if (!user.empty()) before[user] = std::nullopt;
    if (known != users_.end()) before[user] = known->second.state();
  }
  if (!old.user.empty()) --users_[old.user].devices[static_cast<size_t>(old.status)];
  ++users_[device.user].devices[static_cast<size_t>(device.status)];

  std::vector<PresenceItemPtr> changed;
  for (const auto& [user, state] : before) {
    const Status now = users_[user].state();
    if (state != now) changed.push_back(state_item(user, now));
  }
  return changed;
}

std::vector<PresenceItemPtr> NodeStates::page(std::string& after, bool& done, size_t rows) const {
  std::vector<PresenceItemPtr> out;
  auto at = users_.upper_bound(after);
  for (; at != users_.end() && out.size() < rows; ++at) {
    out.push_back(state_item(at->first, at->second.state()));
    after = at->first;
  }
  done = at == users_.end();
  return out;
}

}  // namespace muster::broker
