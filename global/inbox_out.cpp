// Inboxes, the way out: streaming to the broker that holds the session.

#include <algorithm>

#include "global/inbox.hpp"

namespace muster::global {
namespace {

constexpr size_t deliver_entries = 512;  // in one Deliver
constexpr size_t deliver_bytes = 256 << 10;

void to_wire(Now now, const Entry& entry, wire::InboxEntry& out) {
  out.number = entry.number;
  out.redelivery = entry.streamed;
  borrow(entry.body->publication, out.publication);
  out.publication.qos = entry.qos;
  out.publication.retain = entry.retain;
  if (entry.expires_ms != 0) {
    const int64_t left_ms = std::max<int64_t>(entry.expires_ms - now.wall.ms, 0);
    out.publication.expiry_s = static_cast<uint32_t>((left_ms + 999) / 1000);
  }
  out.identifiers = entry.identifiers;
  out.released = entry.released;
}

}  // namespace

void Inboxes::pump(Now now, wire::Links& links, Session& session) {
  Inbox& inbox = session.inbox;
  if (!session.hold || !inbox.streaming) return;
  const Hold& hold = *session.hold;
  auto entry = inbox.at_or_after(inbox.next_out);
  bool expired = false;
  bool more = true;
  while (more) {
    auto& deliver = std::get<wire::Deliver>(deliver_);
    deliver.client_id = session.client_id;
    deliver.term = hold.term;
    size_t bytes = 0;
    const bool credit = links.credit(hold.peer);
    for (more = false; entry != inbox.entries.end() && entry->number <= inbox.stored_to; ++entry) {
      if (entry->gone) continue;
      if (!entry->streamed && entry->expires_ms != 0 && entry->expires_ms <= now.wall.ms) {
        drop(session, *entry);
        ++expired_;
        expired = true;
        continue;
      }
      if (!credit) {
        stalled_[hold.peer].insert(session.number);
        break;
      }
      if (!window_open(session, entry->number)) break;
      if (deliver.entries.size() == deliver_entries || bytes > deliver_bytes) {
        more = true;
        break;
      }
      bytes += entry->body->bytes();
      to_wire(now, *entry, deliver.entries.emplace_back());
      entry->streamed = true;
      inbox.next_out = entry->number + 1;
      ++inbox.in_flight;
    }
    if (!deliver.entries.empty()) links.stream(hold.peer, deliver_);
    deliver.entries.clear();  // its memory stays for the next one
  }
  if (expired) dropped(session);
}

}  // namespace muster::global
