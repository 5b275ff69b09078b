#include "global/inbox.hpp"

#include <algorithm>

#include "core/mqtt/plain_packet.hpp"
#include "global/keys.hpp"
#include "global/record.hpp"
#include "global/stored_publication.hpp"

namespace muster::global {

std::deque<Entry>::iterator Inbox::at_or_after(uint64_t number) {
  if (entries.empty() || number <= entries.front().number) return entries.begin();
  const uint64_t place = number - entries.front().number;
  if (place < entries.size() && entries[place].number == number) {
    return entries.begin() + static_cast<ptrdiff_t>(place);
  }
  return std::lower_bound(entries.begin(), entries.end(), number,
                          [](const Entry& entry, uint64_t n) { return entry.number < n; });
}

void Inboxes::subscribe(Session& session, const wire::Subscription& subscription) {
  tree_.add(subscription.filter, {&session, subscription.identifier, subscription.qos,
                                  subscription.no_local, subscription.retain_as_published});
}

void Inboxes::unsubscribe(Session& session, const std::string& filter) {
  tree_.remove(filter, {&session});
}

// One match for each session however many of its filters match: the greatest QoS, all identifiers.
void Inboxes::collect(BytesView topic, BytesView publisher, uint8_t qos, bool retain) {
  matches_.clear();
  ++match_;
  tree_.match(topic, [&](const Subscriber& subscriber) {
    Session& session = *subscriber.session;
    if (subscriber.no_local && publisher == session.client_id) return;
    if (session.inbox.match != match_) {
      session.inbox.match = match_;
      session.inbox.match_index = matches_.size();
      matches_.push_back({&session});
    }
    Match& match = matches_[session.inbox.match_index];
    match.qos = std::max(match.qos, std::min(subscriber.qos, qos));
    match.retain |= subscriber.retain_as_published && retain;
    if (subscriber.identifier != 0) match.identifiers.push_back(subscriber.identifier);
  });
  std::erase_if(matches_, [](const Match& match) { return match.qos == 0; });
}

void Inboxes::publish(Now now, wire::Publication publication) {
  collect(publication.topic, publication.publisher, publication.qos, publication.retain);
  const size_t bytes =
      publication.topic.size() + publication.payload.size() + publication.properties.size();
  const size_t receivers = find_room(now, bytes);
  if (receivers > 0) spread(now, make_body(std::move(publication)), receivers);
}

uint32_t Inboxes::publish(Now now, const wire::PublishRun& publications) {
  const auto version = mqtt::version_of(publications.v5);
  const auto run = mqtt::read_plain_run(publications.packets, version);
  if (!run) return 0;
  collect(run->topic, publications.publisher, static_cast<uint8_t>(run->qos), false);
  if (matches_.empty()) return run->count;
  mqtt::for_each_plain(run->packets, version, [&](BytesView packet, const auto& plain) {
    const size_t receivers = find_room(now, plain.topic.size() + plain.payload);
    if (receivers > 0) spread(now, make_body(publications, packet, plain), receivers);
  });
  return run->count;
}

// How many of those that match have room for so many bytes; to the others it is refused.
size_t Inboxes::find_room(Now now, size_t bytes) {
  const size_t cost = bytes + entry_overhead;
  size_t receivers = 0;
  for (Match& match : matches_) {
    match.room = has_room(now, *match.session, cost, receivers * cost);
    if (match.room) {
      ++receivers;
    } else {
      refuse(*match.session);
    }
  }
  return receivers;
}

void Inboxes::spread(Now now, const LocalPtr<Body>& body, size_t receivers) {
  body->number = log_.take_number();
  body->shared = receivers > 1 && body->bytes > options_.inline_bytes;
  if (body->shared && body->stored()) {
    const wire::Publication publication = body->borrowed();
    Writer writer;
    write_publication(writer, publication);
    ledger_.put_fresh(keys::body(publication.topic, body->number), writer.take());
  }
  for (Match& match : matches_) {
    if (match.room) append(now, match, body);
  }
}

void Inboxes::append_retained(Now now, Session& session, wire::Publication publication, uint8_t qos,
                              uint32_t identifier) {
  const auto body = make_body(std::move(publication));
  if (!has_room(now, session, body->bytes + entry_overhead, 0)) return refuse(session);
  body->number = log_.take_number();
  Match match{&session, qos, true};
  if (identifier != 0) match.identifiers.push_back(identifier);
  append(now, match, body);
}

// `taken`: by the receivers of the same publication before this one.
bool Inboxes::has_room(Now now, Session& session, size_t bytes, size_t taken) {
  Inbox& inbox = session.inbox;
  const auto fits = [&] {
    return inbox.count < options_.inbox_max_messages &&
           inbox.bytes + bytes <= options_.inbox_max_bytes &&
           bytes_ + taken + bytes <= options_.inboxes_max_bytes;
  };
  if (fits()) return true;
  if (inbox.earliest_expiry_ms > now.wall.ms) return false;
  drop_expired(now, session);
  return fits();
}

void Inboxes::append(Now now, Match& match, const LocalPtr<Body>& body) {
  Session& session = *match.session;
  Inbox& inbox = session.inbox;
  Entry& entry = inbox.entries.emplace_back();
  entry.number = inbox.next++;
  entry.body = body;
  entry.qos = match.qos;
  entry.retain = match.retain;
  entry.identifiers = match.identifiers;
  entry.share = std::move(match.share);
  if (!body->plain() && body->publication->expiry_s != wire::no_expiry) {
    entry.expires_ms = now.wall.ms + int64_t{1000} * body->publication->expiry_s;
    inbox.earliest_expiry_ms = std::min(inbox.earliest_expiry_ms, entry.expires_ms);
  }
  ++body->entries;
  ++inbox.count;
  ++entries_;
  ++appended_;
  inbox.bytes += body->bytes + entry_overhead;
  bytes_ += body->bytes + entry_overhead;
  if (body->stored()) {
    write_entry(session, entry);
  } else {
    write_cursor(session);  // its number must not be used again either
  }
  wake(session);
}

void Inboxes::acknowledge(Session& session, const std::vector<uint64_t>& numbers) {
  Inbox& inbox = session.inbox;
  for (const uint64_t number : numbers) {
    const auto entry = inbox.at_or_after(number);
    if (entry == inbox.entries.end() || entry->number != number) continue;
    if (entry->gone || !entry->streamed) continue;
    drop(session, *entry);
  }
  dropped(session);
  touch(session);
}

void Inboxes::release(Session& session, const std::vector<uint64_t>& numbers) {
  Inbox& inbox = session.inbox;
  for (const uint64_t number : numbers) {
    const auto entry = inbox.at_or_after(number);
    if (entry == inbox.entries.end() || entry->number != number) continue;
    if (entry->gone || !entry->streamed || entry->released) continue;
    entry->released = true;
    if (entry->body->stored()) ledger_.put_fresh(keys::released(session.client_id, number), {});
  }
}

void Inboxes::drop(Session& session, Entry& entry) {
  Inbox& inbox = session.inbox;
  if (inbox.streaming && entry.number < inbox.next_out) --inbox.in_flight;
  entry.gone = true;
  --inbox.count;
  --entries_;
  Body& body = *entry.body;
  inbox.bytes -= body.bytes + entry_overhead;
  bytes_ -= body.bytes + entry_overhead;
  --body.entries;
  if (body.stored()) {
    erase_entry(session, entry.number);
    if (entry.released) ledger_.erase(keys::released(session.client_id, entry.number));
    if (body.entries == 0 && body.shared) {
      ledger_.erase(keys::body(body.borrowed().topic, body.number));
    }
  }
  entry.body.reset();
}

// Devices acknowledge in order: entries go by runs. Of what the open commit has put each key is
// named: after clear() the same number may be put once more in it.
void Inboxes::erase_entry(Session& session, uint64_t number) {
  if (number > session.inbox.stored_to) return ledger_.erase(entry_key(session, number));
  if (run_.session == &session && number == run_.first + run_.count) {
    ++run_.count;
    return;
  }
  end_run();
  run_ = {&session, number, 1};
}

void Inboxes::end_run() {
  if (run_.session) ledger_.erase_run(entry_key(*run_.session, run_.first), run_.count);
  run_ = {};
}

// After drops: the record that keeps the numbers from being used again.
void Inboxes::dropped(Session& session) {
  end_run();
  Inbox& inbox = session.inbox;
  while (!inbox.entries.empty() && inbox.entries.front().gone) inbox.entries.pop_front();
  write_cursor(session);
}

void Inboxes::write_cursor(const Session& session) {
  const Inbox& inbox = session.inbox;
  const uint64_t first = inbox.entries.empty() ? inbox.next : inbox.entries.front().number;
  ledger_.put(keys::cursor(session.client_id),
              Writer().number(first - 1).number(inbox.next).take());
}

void Inboxes::drop_expired(Now now, Session& session) {
  Inbox& inbox = session.inbox;
  inbox.earliest_expiry_ms = INT64_MAX;
  for (Entry& entry : inbox.entries) {
    if (entry.gone || entry.expires_ms == 0 || entry.streamed) continue;
    if (entry.expires_ms <= now.wall.ms) {
      drop(session, entry);
      ++expired_;
    } else {
      inbox.earliest_expiry_ms = std::min(inbox.earliest_expiry_ms, entry.expires_ms);
    }
  }
  dropped(session);
}

void Inboxes::clear(Session& session) {
  Inbox& inbox = session.inbox;
  for (Entry& entry : inbox.entries) {
    if (!entry.gone) drop(session, entry);
  }
  end_run();
  ledger_.erase(keys::cursor(session.client_id));
  const bool dirty = inbox.dirty;
  inbox = {};
  inbox.dirty = dirty;
}

void Inboxes::attach(Session& session) {
  detach(session);
  wake(session);
}

void Inboxes::detach(Session& session) {
  Inbox& inbox = session.inbox;
  if (inbox.streaming && inbox.next_out > 0) {
    inbox.streamed_to = std::max(inbox.streamed_to, inbox.next_out - 1);
  }
  inbox.streaming = false;
  inbox.next_out = 0;
  inbox.in_flight = 0;
}

void Inboxes::wake(Session& session) {
  Inbox& inbox = session.inbox;
  auto& wakes = ledger_.open().wakes;
  if (inbox.wake_commit != ledger_.number()) {
    inbox.wake_commit = ledger_.number();
    inbox.wake_index = wakes.size();
    wakes.push_back({session.number, 0});
  }
  wakes[inbox.wake_index].entries_to = inbox.next - 1;
}

void Inboxes::stored(Session& session, const Wake& wake, uint64_t commit) {
  Inbox& inbox = session.inbox;
  inbox.stored_to = std::max(inbox.stored_to, wake.entries_to);
  if (session.hold && !inbox.streaming && session.hold->commit <= commit) inbox.streaming = true;
  touch(session);
}

void Inboxes::touch(Session& session) {
  if (session.inbox.dirty) return;
  session.inbox.dirty = true;
  dirty_.push_back(session.number);
}

void Inboxes::resume(const std::string& peer) {
  const auto found = stalled_.find(peer);
  if (found == stalled_.end()) return;
  dirty_.insert(dirty_.end(), found->second.begin(), found->second.end());
  stalled_.erase(found);
}

void Inboxes::pump(Now now, wire::Links& links, const FindSession& find) {
  const std::vector<uint64_t> dirty = std::exchange(dirty_, {});
  for (const uint64_t number : dirty) {
    Session* session = find(number);
    if (!session) continue;
    session->inbox.dirty = false;
    pump(now, links, *session);
  }
}

bool Inboxes::window_open(const Session& session, uint64_t number) const {
  const Inbox& inbox = session.inbox;
  return inbox.in_flight < session.receive_maximum &&
         number - inbox.entries.front().number < 65'535;
}

}  // namespace muster::global
