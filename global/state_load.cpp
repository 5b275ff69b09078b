// Global's state as it was stored: each record goes to the machine that wrote it.

#include "core/base/log.hpp"
#include "global/keys.hpp"
#include "global/record.hpp"
#include "global/state.hpp"

namespace muster::global {
namespace {

using keys::Kind;

// What refers to something is loaded after it.
int phase_of(Kind kind) {
  switch (kind) {
    case Kind::meta:
    case Kind::broker:
    case Kind::taken:
    case Kind::body:
    case Kind::device:
    case Kind::user:
    case Kind::slot_head:
    case Kind::retained:
    case Kind::session:
      return 0;
    case Kind::cursor:
    case Kind::retained_job:
    case Kind::received:
    case Kind::released:
    case Kind::subscription:
    case Kind::publication:
    case Kind::will:
      return 1;
    case Kind::entry:
      return 2;
  }
  return 0;
}

}  // namespace

void Global::State::load(const store::Record& record, int phase) {
  const auto key = keys::parse(record.key);
  if (key && phase_of(key->kind) != phase) return;
  if (!key && phase > 0) return;
  if (key && load(record, *key)) return;
  // Only after damage: it belongs to nothing any more, or is not ours.
  ++unreadable;
  if (unreadable == 1) log::warning("global: some stored records cannot be read and are removed");
  ledger.erase(record.key);
}

bool Global::State::load(const store::Record& record, const keys::Parsed& key) {
  const BytesView value = record.value;
  const std::string name(key.name);
  switch (key.kind) {
    case Kind::meta:
      return log.load_meta(value);
    case Kind::broker:
      return brokers.load(value);
    case Kind::retained:
      return retained.load(name, value);
    case Kind::taken: {
      Reader reader(value);
      const uint64_t number = reader.number();
      links.set_taken(Incarnation{key.number}, number);
      brokers.load_taken(Incarnation{key.number}, number);
      retained.load_counter(Incarnation{key.number}, reader.number());
      return true;
    }
    case Kind::body:
      return inboxes.load_body(key.number, value);
    case Kind::device:
      return devices.load(value);
    case Kind::user:
      return users.load(value);
    case Kind::slot_head:
      return log.load_head(key.slot, value);
    case Kind::session:
      return sessions.load(name, value);
    case Kind::subscription:
      return sessions.load_subscription(name, std::string(key.filter), value);
    case Kind::retained_job:
      retained_jobs.load(name, std::string(key.filter), value);
      return true;
    case Kind::publication:
      return publications.load(key.number, value);
    case Kind::will:
      return wills.load(name, {Incarnation{key.number}, Serial{key.serial}}, value);
    case Kind::received:
      return sessions.load_received(name, static_cast<uint16_t>(key.number), value);
    case Kind::cursor:
    case Kind::released:
    case Kind::entry: {
      Session* session = sessions.find(key.name);
      if (!session) return false;
      if (key.kind == Kind::released) return inboxes.load_released(*session, key.number);
      return key.kind == Kind::cursor ? inboxes.load_cursor(*session, value)
                                      : inboxes.load_entry(*session, key.number, value);
    }
  }
  return false;
}

}  // namespace muster::global
