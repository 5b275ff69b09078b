// Inboxes as they are stored, and how they are read at start.

#include <algorithm>

#include "core/mqtt/plain_packet.hpp"
#include "core/wire/codec.hpp"
#include "global/inbox.hpp"
#include "global/keys.hpp"
#include "global/stored_publication.hpp"

namespace muster::global {
namespace {

// How its publication is written, unless it stands in a body of its own.
enum class Form : uint64_t {
  fields = 0,   // write_publication()
  encoded = 1,  // as it came
  plain = 2,    // a plain packet as it came
};

Form form_of(const Body& body) {
  if (body.plain()) return Form::plain;
  return body.publication->is_as_it_came() ? Form::encoded : Form::fields;
}

void write_body(Writer& writer, Form form, const Body& body) {
  switch (form) {
    case Form::fields:
      return write_publication(writer, *body.publication);
    case Form::encoded:
      writer.text(body.publication->encoded.bytes);
      return;
    case Form::plain:
      writer.number(body.v5).integer(body.published_ms).text(body.publisher).text(body.packet);
      return;
  }
}

// None: the record is not what it says.
LocalPtr<Body> read_body(Reader& reader, Form form) {
  if (form == Form::fields) return make_body(read_publication(reader));
  if (form == Form::encoded) {
    auto publication = wire::decode_publication(reader.text());
    return publication ? make_body(std::move(*publication)) : LocalPtr<Body>();
  }
  wire::PublishRun from;
  from.v5 = reader.number() != 0;
  from.published_ms = reader.integer();
  from.publisher = Slice(SharedBuffer(), reader.text());
  const BytesView packet = reader.text();
  const auto plain =
      mqtt::plain_packet(packet, mqtt::version_of(from.v5), packet.size(), mqtt::any_qos);
  return plain.size == packet.size() && plain.size > 0 ? make_body(from, packet, plain)
                                                       : LocalPtr<Body>();
}

}  // namespace

// Kept, but for its number: one is wanted for each message that comes and again when it goes.
BytesView Inboxes::entry_key(Session& session, uint64_t number) {
  Bytes& key = session.inbox.entry_key;
  if (key.empty()) key = keys::entry(session.client_id, 0);
  keys::set_number(key, number);
  return key;
}

void Inboxes::write_entry(Session& session, const Entry& entry) {
  const Body& body = *entry.body;
  const Form form = form_of(body);
  Writer& writer = record_;
  writer.clear();
  writer.number(static_cast<uint64_t>(form)).number(body.number).number(body.shared);
  writer.integer(entry.expires_ms).number(entry.qos).number(entry.retain);
  writer.number(entry.identifiers.size());
  for (const uint32_t identifier : entry.identifiers) writer.number(identifier);
  if (!body.shared) write_body(writer, form, body);
  if (entry.share) writer.text(*entry.share);
  ledger_.put_fresh(entry_key(session, entry.number), writer.view());
}

bool Inboxes::load_body(uint64_t number, BytesView value) {
  Reader reader(value);
  const auto body = make_body(read_publication(reader));
  body->number = number;
  body->shared = true;
  if (reader.bad()) return false;
  loading_[number] = body;
  return true;
}

bool Inboxes::load_entry(Session& session, uint64_t number, BytesView value) {
  Reader reader(value);
  Entry entry;
  entry.number = number;
  const auto form = static_cast<Form>(reader.number());
  const uint64_t message = reader.number();
  const bool shared = reader.number() != 0;
  entry.expires_ms = reader.integer();
  entry.qos = static_cast<uint8_t>(reader.number());
  entry.retain = reader.number() != 0;
  for (uint64_t count = reader.number(); count > 0 && !reader.bad() && !reader.at_end(); --count) {
    entry.identifiers.push_back(static_cast<uint32_t>(reader.number()));
  }
  if (shared) {
    const auto found = loading_.find(message);
    if (found == loading_.end()) return false;
    entry.body = found->second;
  } else {
    entry.body = read_body(reader, form);
    if (!entry.body) return false;
    entry.body->number = message;
  }
  if (!reader.at_end()) entry.share = std::make_unique<std::string>(reader.text());
  if (reader.bad()) return false;
  // It may have been streamed: surely not only if it came after the last broker had let go.
  entry.streamed = session.hold.has_value() || number <= session.inbox.streamed_to;
  entry.released = released_.erase({session.client_id, number}) > 0;
  Inbox& inbox = session.inbox;
  if (entry.expires_ms != 0) {
    inbox.earliest_expiry_ms = std::min(inbox.earliest_expiry_ms, entry.expires_ms);
  }
  ++entry.body->entries;
  ++inbox.count;
  ++entries_;
  const size_t cost = entry.body->bytes + entry_overhead;
  inbox.bytes += cost;
  bytes_ += cost;
  inbox.next = std::max(inbox.next, number + 1);
  inbox.entries.push_back(std::move(entry));
  return true;
}

bool Inboxes::load_released(const Session& session, uint64_t number) {
  released_.insert({session.client_id, number});
  return true;
}

bool Inboxes::load_cursor(Session& session, BytesView value) {
  Reader reader(value);
  reader.number();  // the cursor: reading seeks to it once inboxes are not kept in memory
  session.inbox.next = std::max(session.inbox.next, reader.number());
  return !reader.bad();
}

void Inboxes::loaded(Session& session) {
  Inbox& inbox = session.inbox;
  inbox.stored_to = inbox.next - 1;
  // If its broker lets go before it is streamed to again, the next start has no hold to tell by.
  if (session.hold) inbox.streamed_to = std::max(inbox.streamed_to, inbox.stored_to);
}

void Inboxes::loaded() {
  for (const auto& [number, body] : loading_) {
    if (body->entries == 0) ledger_.erase(keys::body(body->borrowed().topic, number));
  }
  loading_.clear();
  for (const auto& [client_id, number] : released_)
    ledger_.erase(keys::released(client_id, number));
  released_.clear();
}

}  // namespace muster::global
