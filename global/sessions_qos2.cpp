// QoS 2 of persistent publishers: the packet identifiers that global has taken publications under,
// each from the batch that stores its inbox entries to the one that stores its release. They go
// with the grant, so that the next broker knows what it must not send on again.

#include "global/keys.hpp"
#include "global/record.hpp"
#include "global/sessions.hpp"

namespace muster::global {

bool Sessions::load_received(const std::string& client_id, uint16_t packet_id, BytesView value) {
  Session* session = find(client_id);
  if (!session) return false;
  Reader reader(value);
  session->received[packet_id] = Term{reader.number()};
  return !reader.bad();
}

void Sessions::put_received(const Session& session, uint16_t packet_id) {
  const Term term = session.received.at(packet_id);
  ledger_.put(keys::received(session.client_id, packet_id),
              Writer().number(static_cast<uint64_t>(term)).take());
}

// A connection keeps what it is when its broker goes on under a new incarnation, and so under a new
// term: what it had under way comes again with the old one.
bool Sessions::receive(const wire::Publish& publish, Term newest) {
  Session* session = find(publish.publication.publisher);
  // It is over. What an older connection than its last has sent, may have come through that.
  if (!session) return publish.term >= newest;
  if (publish.term < session->since) return false;
  if (!session->received.emplace(publish.packet_id, publish.term).second) return false;
  put_received(*session, publish.packet_id);
  return true;
}

bool Sessions::release(const wire::PublishReleased& release) {
  Session* session = find(release.client_id);
  if (!session || release.term < session->since) return false;
  if (session->received.erase(release.packet_id) > 0) {
    ledger_.erase(keys::received(session->client_id, release.packet_id));
  }
  return true;
}

void Sessions::settle(Session& session) {
  for (auto& [packet_id, term] : session.received) {
    if (term == Term::none || term < session.since) continue;
    term = Term::none;
    put_received(session, packet_id);
  }
}

void Sessions::forget_received(Session& session) {
  for (const auto& [packet_id, term] : session.received) {
    ledger_.erase(keys::received(session.client_id, packet_id));
  }
  session.received.clear();
}

void Sessions::fill(const Session& session, wire::Grant& grant) {
  for (const auto& [packet_id, term] : session.received) {
    grant.received.push_back(packet_id);
    if (term != Term::none) grant.unsettled.push_back(packet_id);
  }
}

}  // namespace muster::global
