#pragma once
// The keys of global's store: slot (two bytes, most significant first), kind, name. Every key
// starts with its slot, so that global can be split by slots later; what belongs to the whole
// cluster lies in the slot 0xFFFF. Pure, any thread.

#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "global/connection.hpp"

namespace muster::global::keys {

enum class Kind : char {
  body = 'b',    // of a publication that several inboxes hold
  cursor = 'c',  // of an inbox
  device = 'd',
  subscription = 'f',
  received = 'q',   // QoS 2: a packet identifier of a publisher
  released = 'x',   // QoS 2: an entry that the device has received
  slot_head = 'h',  // the newest entry of a slot, when it erased a row
  entry = 'i',      // of an inbox
  broker = 'k',
  meta = 'm',         // era and reserved numbers
  publication = 'p',  // a will under way to brokers
  retained = 'r',
  retained_job = 'j',  // a subscription whose retained messages go into the inbox
  session = 's',
  taken = 't',  // last stream number taken from an incarnation
  user = 'u',
  will = 'w',
};

Bytes meta();
Bytes broker(Incarnation incarnation);
Bytes taken(Incarnation incarnation);
Bytes slot_head(uint16_t slot);
Bytes device(BytesView client_id);
Bytes user(BytesView user);
Bytes session(BytesView client_id);
Bytes subscription(BytesView client_id, BytesView filter);
Bytes cursor(BytesView client_id);
Bytes entry(BytesView client_id, uint64_t number);
void set_number(Bytes& key, uint64_t number);  // of an entry's key
Bytes released(BytesView client_id, uint64_t number);
Bytes received(BytesView client_id, uint16_t packet_id);
Bytes body(BytesView topic, uint64_t number);
Bytes will(BytesView client_id, const Connection& connection);
Bytes publication(BytesView topic, uint64_t number);
Bytes retained(BytesView topic);
Bytes retained_job(BytesView client_id, BytesView filter);

// A key taken apart; which of the fields have a meaning follows from the kind.
struct Parsed {
  uint16_t slot = 0;
  Kind kind{};
  BytesView name;       // client id, user or topic
  BytesView filter;     // of a subscription, of a job
  uint64_t number = 0;  // entry, body, publication; incarnation; packet identifier
  uint64_t serial = 0;  // will
};
std::optional<Parsed> parse(BytesView key);

}  // namespace muster::global::keys
