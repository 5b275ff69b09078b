// Inboxes: entries that a session has as a member of a group (shares.hpp).

#include <utility>

#include "global/inbox.hpp"

namespace muster::global {

// What of a group's publications its session has not acknowledged, in order. What has QoS 2 and may
// have reached the device is nobody else's (4.8.2-5).
std::vector<SharedEntry> Inboxes::shared_entries(const Session& session) const {
  std::vector<SharedEntry> found;
  for (const Entry& entry : session.inbox.entries) {
    if (entry.gone || !entry.share || (entry.qos == 2 && entry.streamed)) continue;
    SharedEntry& shared = found.emplace_back();
    shared.publication = entry.body->borrowed();
    wire::own(shared.publication);
    shared.name = *entry.share;
    shared.expires_ms = entry.expires_ms;
  }
  return found;
}

bool Inboxes::has_room(Now now, Session& session, size_t bytes) {
  return has_room(now, session, bytes + entry_overhead, 0);
}

void Inboxes::refuse(Session& session) {
  ++session.inbox.refused;
  ++refused_;
}

void Inboxes::give(Now now, Session& session, SharedEntry shared) {
  const auto body = make_body(std::move(shared.publication));
  body->number = log_.take_number();
  Match match{&session, shared.qos, shared.retain, true, std::move(shared.identifiers)};
  match.share = std::make_unique<std::string>(std::move(shared.name));
  append(now, match, body);
}

}  // namespace muster::global
