// Inboxes, the way out: streaming to the broker that holds the session.

#include "global/inbox.hpp"

namespace muster::global {

void Inboxes::pump(Now now, wire::Links& links, Session& session) {
  Inbox& inbox = session.inbox;
  if (!session.hold || !inbox.streaming) return;
  const Hold& hold = *session.hold;
  auto entry = inbox.at_or_after(inbox.next_out);
  bool expired = false;
  for (; entry != inbox.entries.end() && entry->number <= inbox.stored_to; ++entry) {
    if (entry->gone) continue;
    if (!entry->streamed && entry->expires_ms != 0 && entry->expires_ms <= now.wall.ms) {
      drop(session, *entry);
      ++expired_;
      expired = true;
      continue;
    }
    if (!delivery_.takes(*entry)) delivery_.send(links, session);
    if (delivery_.empty() && !links.credit(hold.peer)) {
      stalled_[hold.peer].insert(session.number);
      break;
    }
    if (!window_open(session, entry->number)) break;
    delivery_.add(now, *entry);
    entry->streamed = true;
    inbox.next_out = entry->number + 1;
    ++inbox.in_flight;
  }
  delivery_.send(links, session);
  if (expired) dropped(session);
}

}  // namespace muster::global
